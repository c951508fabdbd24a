#!/usr/bin/env bash
# Looks for a Chromium for the browser tests, and installs Debian's when it may. Never fails: without a browser
# those tests are skipped, and say so. DNAG_CHROMIUM=none does without, DNAG_CHROMIUM=/path/to/chromium names one.
set -uo pipefail

for name in ${DNAG_CHROMIUM:-chromium chromium-browser google-chrome google-chrome-stable}; do
    if [[ $name == none ]] || command -v "$name" >/dev/null; then
        exit 0
    fi
done
if [[ -n ${DNAG_CHROMIUM:-} ]]; then
    echo "DNAG_CHROMIUM=$DNAG_CHROMIUM is not there: the browser tests will be skipped." >&2
    exit 0
fi

packages=(chromium chromium-driver fonts-dejavu-core fonts-liberation)
by_hand="to run them, install Chromium with its driver: sudo apt-get install ${packages[*]}"
if ! command -v apt-get >/dev/null; then
    echo "No Chromium and no apt-get: the browser tests will be skipped; to run them, install Chromium or Google Chrome." >&2
    exit 0
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo -n)
    if ! sudo -n true >/dev/null 2>&1; then
        echo "No Chromium and no right to install it: the browser tests will be skipped; $by_hand" >&2
        exit 0
    fi
fi

echo "Installing Chromium for the browser tests ..." >&2
log=$(mktemp)
apt() {
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1
}
apt update # an old list of packages may still do
if ! apt install --no-install-recommends "${packages[@]}" && ! command -v chromium >/dev/null; then
    reason=$(grep '^E: ' "$log" | tail -n 1 | cut -c 1-160)
    echo "Chromium could not be installed (${reason:-apt-get failed}): the browser tests will be skipped; $by_hand" >&2
fi
rm -f "$log"
