# For the lint scripts: report_case prints one TAP line. Sourced with the top of the tree as current directory.
set -u
shopt -s nullglob globstar
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
readonly BUILD=${KIWI_BUILD:-build}

lint_failed=0

# report_case TITLE OFFENDERS: passes if OFFENDERS is empty, else shows it.
report_case() {
    if [ -z "$2" ]; then
        echo "ok - $1"
        return
    fi
    echo "not ok - $1"
    sed 's/^/# /' <<<"$2" | head -n 60
    lint_failed=1
}

# run_case TITLE COMMAND...: passes if the command does; else shows what it printed.
run_case() {
    local title=$1 output
    shift
    if output=$("$@" 2>&1 </dev/null); then
        report_case "$title" ""
    else
        report_case "$title" "${output:-$* failed}"
    fi
}

skip_case() { # TITLE REASON
    echo "ok - $1 # SKIP $2"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Files of the project whose names end in one of the suffixes (all without one). Not from git: an unpacked archive has none.
tracked() { # SUFFIX...
    local suffix names=()
    for suffix in "$@"; do names+=(-o -name "*$suffix"); done
    [ $# -gt 0 ] || names=(-o -true)
    find . \( -path ./build -o -name .git \) -prune -o -type f ! -name '*.trace' \( "${names[@]:1}" \) -print |
        sed 's|^\./||' | sort
}

# Names in the first column of a registry: registry_names FILE MACRO...
registry_names() {
    local file=$1 macros
    shift
    macros=$(IFS='|' && echo "$*")
    sed -nE "s/^[[:space:]]*(${macros})\(([A-Za-z0-9_]+).*/\2/p" "$file" | sort -u
}

wrapped_names() { registry_names interpose/wrapped.def WRAP WRAPV WRAPO WRAPL; }

lint_end() { exit $lint_failed; }
