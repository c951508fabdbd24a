#!/usr/bin/env bash
# Makes .venv and installs the requirements; does nothing when that is already done.
#
#   scripts/setup.sh app    what the app needs
#   scripts/setup.sh dev    that, the tools of `make test` and `make lint`, and what exporting to ONNX needs
#
# PYTHON       the interpreter to make .venv with (default: the first suitable python3)
# TORCH_INDEX  a package index to take torch from, such as the CPU builds' (remembered in .venv)
#
# Whatever goes wrong is said in one line, and the exit status is not 0; pip's own words are in .venv/install.log.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly MINIMUM=3.11
readonly VENV=.venv
readonly PY=$VENV/bin/python
readonly LOG=$VENV/install.log
readonly BUSY=$VENV/.dnag-busy           # there while pip writes; left over when it was killed
readonly INDEX_RECORD=$VENV/.dnag-torch-index

die() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

say() {
    printf '%s\n' "$1" >&2
}

profile=${1:-app}
case $profile in
    app) files=(requirements.txt) ;;
    dev) files=(requirements.txt requirements-dev.txt requirements-onnx.txt) ;;
    *) die "unknown set of packages '$profile': use app or dev" ;;
esac

# Prints the version of the interpreter $1 as 3.11.2; fails when it cannot be run.
version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

# True when version $1 (3.11.2) is at least MINIMUM.
new_enough() {
    local major minor
    IFS=. read -r major minor _ <<<"$1"
    [[ $major -gt ${MINIMUM%.*} || ($major -eq ${MINIMUM%.*} && $minor -ge ${MINIMUM#*.}) ]]
}

# Sets `python` and `version` to the interpreter to use, or ends with the reason why there is none.
choose_python() {
    local candidate found=
    if [[ -n ${PYTHON:-} ]]; then
        python=$PYTHON
        version=$(version_of "$python") || die "cannot run PYTHON=$python: name a Python $MINIMUM or newer"
        new_enough "$version" || die "PYTHON=$python is Python $version: $MINIMUM or newer is needed"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if version=$(version_of "$candidate"); then
            if new_enough "$version"; then
                python=$candidate
                return
            fi
            found=${found:-"$candidate is Python $version"}
        fi
    done
    die "${found:-no Python was found}: $MINIMUM or newer is needed; install it, or name one as in PYTHON=python3.12 make app"
}

# What the installed packages depend on: the lists themselves and the Python they were installed for.
stamp_text() {
    printf '%s ' "${version%.*}"
    cat "${files[@]}" | cksum
}

is_done() {
    [[ -x $PY && ! -e $BUSY && -e $VENV/.dnag-$profile ]] || return 1
    version=$(version_of "$PY") || return 1
    [[ $(cat "$VENV/.dnag-$profile") == "$(stamp_text)" ]] || return 1
    [[ -z ${TORCH_INDEX:-} || ${TORCH_INDEX} == "$(cat "$INDEX_RECORD" 2>/dev/null)" ]] || return 1
    if [[ -n ${PYTHON:-} ]]; then # an interpreter named by hand must be the one that is used
        local wanted
        wanted=$(version_of "$PYTHON") || return 1
        [[ $wanted == "$version" ]] || return 1
    fi
}

has_torch() {
    "$PY" -m pip show -q torch >/dev/null 2>&1
}

# Says in one line why pip failed, from its log.
explain() {
    local what=$1 again="then run the same command again (pip's output: $LOG)" reason
    if grep -qiE 'no space left on device' "$LOG"; then
        die "the disk is full while $what: free some space, $again"
    fi
    if grep -qiE 'NewConnectionError|(Connect|Read)Timeout|timed out|Max retries|Name or service not known|name resolution|nodename nor servname|Network is unreachable|No route to host|Connection (refused|reset|aborted|broken|error)|RemoteDisconnected|IncompleteRead|ProtocolError|ProxyError|SSLError|(unable|failed) to (connect|reach)|connection failed' "$LOG"; then
        reason=$(grep -oiE 'Connection (refused|reset|aborted|broken)|Name or service not known|[a-z ]*failure in name resolution|Network is unreachable|No route to host|certificate verify failed|timed out' "$LOG" | tail -n 1) || true
        die "no connection to the package index while $what${reason:+ ($reason)}: check the network or the proxy, $again"
    fi
    reason=$(sed -n 's/^ERROR: No matching distribution found for //p' "$LOG" | head -n 1)
    if [[ -n $reason ]] && grep -q '(from versions: none)' "$LOG"; then # pip is silent about a network it tries only once
        die "the package index does not know $reason, or cannot be reached: check the network or the proxy, $again"
    elif [[ -n $reason ]]; then
        die "the package index has no $reason for Python $version on $(uname -s) $(uname -m) (pip's output: $LOG)"
    fi
    reason=$(grep -E '^(ERROR|error): ' "$LOG" | tail -n 1 | cut -c 1-200) || true
    die "pip failed while $what: ${reason:-no reason given} (pip's output: $LOG)"
}

# pip downloads everything before it writes anything: only a failure after that leaves a mess to clear away.
settle() {
    grep -qs '^Installing collected packages' "$LOG" || rm -f "$BUSY"
}

# Runs pip with its output in the log, and ends with one line when it fails. $1 says what is being done.
pip_install() {
    local what=$1
    shift
    touch "$BUSY"
    if ! PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$PY" -m pip install --no-input "$@" >>"$LOG" 2>&1; then
        settle
        explain "$what"
    fi
}

# --- the quick way out, once everything is there ---------------------------------------------------------------------
version=
if is_done; then
    exit 0
fi

if [[ -n ${TORCH_INDEX:-} && ! $TORCH_INDEX =~ ^(https?|file):// ]]; then
    die "TORCH_INDEX must be the URL of a package index, beginning with https://, http:// or file://, and is '$TORCH_INDEX'"
fi
choose_python

# Two runs at once (make app and make test) must not write the same .venv.
if command -v flock >/dev/null; then
    exec 9>.venv.lock
    if ! flock -n 9; then
        say "Another run is setting up .venv, waiting for it ..."
        flock 9
    fi
    chosen=$python chosen_version=$version
    is_done && exit 0
    python=$chosen version=$chosen_version
fi
trap 'settle; die "interrupted: run the same command again to go on"' INT TERM

# --- .venv -----------------------------------------------------------------------------------------------------------
if [[ -e $VENV || -L $VENV ]]; then
    existing=$(version_of "$PY") || existing=
    reason=
    if [[ -z $existing ]]; then
        reason="its Python does not run"
    elif ! "$PY" -c 'import pip' >/dev/null 2>&1; then
        reason="it has no pip"
    elif [[ -e $BUSY ]]; then
        reason="an installation in it was cut short"
    elif ! new_enough "$existing"; then
        reason="it has Python $existing"
    elif [[ -n ${PYTHON:-} && $existing != "$version" ]]; then
        reason="it has Python $existing, and PYTHON=$PYTHON is $version"
    fi
    if [[ -z $reason && -n ${TORCH_INDEX:-} && $TORCH_INDEX != "$(cat "$INDEX_RECORD" 2>/dev/null)" ]] && has_torch; then
        reason="its torch is from another package index" # and came with libraries that would be left over
    fi
    if [[ -n $reason ]]; then
        say "Making .venv anew: $reason."
        rm -rf "$VENV" || die "cannot remove .venv, which must be made anew ($reason): remove it by hand"
    else
        version=$existing # keep the environment that is there
    fi
fi
if [[ ! -e $VENV ]]; then
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        die "$python (Python $version) has no venv module: on Debian or Ubuntu, sudo apt-get install python${version%.*}-venv"
    if ! output=$("$python" -m venv "$VENV" 2>&1); then
        rm -rf "$VENV"
        die "$python -m venv .venv failed: $(printf '%s\n' "$output" | sed '/^[[:space:]]*$/d' | tail -n 1 | cut -c 1-200)"
    fi
fi

# --- packages --------------------------------------------------------------------------------------------------------
: >"$LOG"
torch=$(grep -E '^torch==' requirements.txt | head -n 1) || true
index=${TORCH_INDEX:-$(cat "$INDEX_RECORD" 2>/dev/null || true)}
if [[ -n $torch && -z $index && $(uname -s) == Linux && ! -e /dev/nvidiactl ]] && ! has_torch; then
    say "No NVIDIA GPU was found: TORCH_INDEX can spare the download of CUDA libraries, see README.md."
fi
started=$SECONDS
say "Installing packages into .venv (the first time takes minutes; details: $LOG) ..."
if [[ -n $torch && -n $index ]]; then
    # Alone: an index of builds need not hold what torch depends on, which comes with the rest.
    pip_install "taking $torch from $index" --no-deps --index-url "$index" "$torch"
    printf '%s\n' "$index" >"$INDEX_RECORD"
fi
requirements=()
for file in "${files[@]}"; do
    requirements+=(-r "$file")
done
pip_install "installing ${files[*]}" "${requirements[@]}"

stamp_text >"$VENV/.dnag-$profile.new"
mv "$VENV/.dnag-$profile.new" "$VENV/.dnag-$profile"
if [[ $profile == dev ]]; then # it holds everything that the app needs
    files=(requirements.txt)
    stamp_text >"$VENV/.dnag-app"
fi
rm -f "$BUSY"
say "Installed in $((SECONDS - started)) s."
