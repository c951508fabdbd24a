// A random key of this browser, in a cookie that only this site's pages send. Made once, told to the server.
const NAME = "dnag_runs";
const YEAR_S = 365 * 24 * 60 * 60;

function known() {
  const pair = document.cookie.split("; ").find(entry => entry.startsWith(`${NAME}=`));
  const value = pair ? pair.slice(NAME.length + 1) : "";
  return /^[0-9a-f]{32}$/.test(value) ? value : null;
}

export default function ({ setStateValue }) {
  let key = known();
  if (key === null) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
    document.cookie = `${NAME}=${key}; path=/; max-age=${YEAR_S}; SameSite=Strict`;
  }
  setStateValue("key", key);
}
