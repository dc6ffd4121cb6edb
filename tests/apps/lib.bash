# For the application tests: real programs, bare and under libkiwi, must do the same, and Kiwi must not cry wolf. Sourced.
#
# A test sets work up with app_begin, then calls compare and no_critical. Everything prints TAP lines.
set -u
APPS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly APPS ROOT=${APPS%/tests/apps}
readonly BUILD=${KIWI_BUILD:-$ROOT/build}
unset KIWI_OPTIONS LD_PRELOAD
export LC_ALL=C.UTF-8

failed=0
server=
work=

cleanup_server() { [ -z "$server" ] || kill -KILL "$server" 2>/dev/null; }

cleanup() {
    cleanup_server
    [ -z "$work" ] || { remove_traces && rm -rf "$work"; }
}

# A trace may lie in memory, with only a link to it where it was asked for.
remove_traces() {
    local trace
    for trace in "$work"/kiwi/trace.*; do
        [ -L "$trace" ] && rm -f "$(readlink "$trace")"
        rm -f "$trace"
    done
}

# app_begin COMMAND...: makes $work, and skips the whole test if one of the commands is missing.
app_begin() {
    local command
    for command in "$@"; do
        if ! command -v "$command" >/dev/null 2>&1; then
            echo "ok - $(basename "$0" .sh) # SKIP $command is not installed"
            exit 0
        fi
    done
    for command in "$BUILD/kiwi" "$BUILD/libkiwi.so"; do
        [ -e "$command" ] || { echo "not ok - $command is not built" && exit 1; }
    done
    trap cleanup EXIT
    trap 'exit 143' INT TERM HUP
    work=$(mktemp -d "${TMPDIR:-/tmp}/kiwi-apps.XXXXXX") || exit 1
    chmod 711 "$work"
    mkdir "$work/bare" "$work/kiwi"
}

app_end() { exit $failed; }

result() { # TITLE COMPLAINT: passes if there is none
    if [ -z "$2" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        head -n 20 <<<"$2" | sed 's/^/# /'
        failed=1
    fi
}

# under MODE COMMAND...: runs it bare, or recorded into $work/kiwi/trace.PID. RECORD: more recording options.
under() {
    local mode=$1
    shift
    if [ "$mode" = bare ]; then
        "$@"
    else
        LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$work/kiwi/trace.%p${RECORD:+:$RECORD} "$@"
    fi
}

# start MODE COMMAND...: as under, in the background; $server is its process. For use in a function that compare calls.
start() {
    local recorded=()
    [ "$1" = bare ] || recorded=(LD_PRELOAD="$BUILD/libkiwi.so" KIWI_OPTIONS="out=$work/kiwi/trace.%p${RECORD:+:$RECORD}")
    shift
    trap cleanup_server EXIT
    env "${recorded[@]}" "$@" &
    server=$!
}

# Waits until the server has ended by itself or by a signal; returns its status.
stopped() {
    wait "$server"
    local status=$?
    server=
    return $status
}

# compare TITLE STATUS FUNCTION: FUNCTION MODE runs the program in the directory of that mode. Bare, it must say something
# and end with STATUS; recorded, its output and its exit status must be the same.
compare() {
    local title=$1 wanted=$2 function=$3 mode status
    for mode in bare kiwi; do
        (cd "$work/$mode" && "$function" $mode) >"$work/$mode.out" 2>&1
        status=$?
        if [ $mode = bare ] && { [ $status != "$wanted" ] || [ ! -s "$work/bare.out" ]; }; then
            result "$title" "bare, it ended with status $status, not $wanted: $(tail -n 5 "$work/bare.out")"
            return
        fi
        echo "exit status $status" >>"$work/$mode.out"
    done
    result "$title" "$(diff "$work/bare.out" "$work/kiwi.out")"
}

# no_critical TITLE: the review of all traces so far has no finding of that severity.
no_critical() {
    local title=$1 status
    "$BUILD/kiwi" report --format=json --fail-on=critical -o "$work/report.json" "$work"/kiwi/trace.* 2>"$work/said"
    status=$?
    case $status in
    0) result "$title" "" ;;
    1) result "$title" "$("$BUILD/kiwi" report "$work"/kiwi/trace.* | sed -n '/^### \[CRITICAL\]/,/^Fix/p')" ;;
    *) result "$title" "kiwi report ended with status $status: $(cat "$work/said")" ;;
    esac
}

wait_for() { # COMMAND...: up to half a minute
    local tries=600
    until "$@"; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.05
    done
}

build_load() {
    "${CC:-gcc}" -std=gnu11 -O2 -pthread -o "$work/line_load" "$ROOT/tests/load/line_load.c"
}
