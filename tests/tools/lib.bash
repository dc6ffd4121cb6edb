# For the tests of the kiwi command: a scratch directory as current directory, and cases that print TAP lines.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${KIWI_BUILD:-$ROOT/build}
KIWI=$BUILD/kiwi
SCRATCH=$(mktemp -d) || exit 1
cd "$SCRATCH" || exit 1
trap 'rm -rf $(find "$SCRATCH" -lname "/dev/shm/kiwi-*" -printf "%l ") "$SCRATCH"' EXIT
unset KIWI_OPTIONS LD_PRELOAD NO_COLOR
export ROOT KIWI
failed=0

case_result() { # STATUS TITLE [DETAIL...]
    if [ "$1" = 0 ]; then
        echo "ok - $2"
    else
        echo "not ok - $2"
        printf '%s\n' "${@:3}" | sed 's/^/# /'
        failed=1
    fi
}

# Runs a command; its output is in files out and err, its exit status in $status.
run() {
    "$@" >out 2>err
    status=$?
}

# expect TITLE STATUS STDOUT_PATTERN STDERR_PATTERN: judges the last run. Patterns are extended regular expressions that
# must be found; an empty one means that nothing was printed; "*" means anything.
expect() {
    local problems=""
    [ "$status" = "$2" ] || problems+="exit status $status, not $2"$'\n'
    matches out "$3" || problems+="standard output is not '$3': $(head -c 400 out)"$'\n'
    matches err "$4" || problems+="standard error is not '$4': $(head -c 400 err)"$'\n'
    [ -z "$problems" ]
    case_result $? "$1" "$problems"
}
matches() { # FILE PATTERN
    case $2 in
    "") [ ! -s "$1" ] ;;
    "*") true ;;
    *) grep -qE -- "$2" "$1" ;;
    esac
}

# check TITLE COMMAND...: the command must succeed.
check() {
    local title=$1 output
    shift
    output=$("$@" 2>&1)
    case_result $? "$title" "$output"
}

skip() { # TITLE REASON
    echo "ok - $1 # SKIP $2"
}

wait_until() { # SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.05
    done
}

finish() { exit $failed; }
