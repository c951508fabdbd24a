// Asks for the page to be drawn again when it is seen in another theme than it was drawn for.
export default function ({ data: drawn, parentElement, setTriggerValue }) {
  const probe = parentElement.querySelector("span");
  const look = () => {
    const seen = getComputedStyle(probe).colorScheme;
    if (["light", "dark"].includes(seen) && seen !== drawn) {
      setTriggerValue("changed", seen);
    }
  };
  look();
  probe.addEventListener("transitionend", look);
  return () => probe.removeEventListener("transitionend", look);
}
