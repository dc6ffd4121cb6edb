#!/bin/bash
# demo.sh - Kiwi on real programs, within a minute. `make demo` builds what this needs and calls it.
#
#     tools/demo.sh
#
# 1. memcached from Debian under a bounded load, recorded and reviewed
# 2. examples/service with planted bugs, recorded and reviewed
# 3. the same service, killed with SIGKILL while it is deadlocked
#
# Listens on loopback ports that are free, keeps its files below the build directory, and removes them and ends its servers
# however it ends. Exit status: 0 if everything worked as expected, else 1.
set -u
cd "$(dirname "$0")/.." || exit 1

readonly BUILD=${KIWI_BUILD:-$PWD/build}
readonly KIWI=$BUILD/kiwi LIBRARY=$BUILD/libkiwi.so SERVICE=$BUILD/examples/service
unset KIWI_OPTIONS LD_PRELOAD

server=
problems=0
work=

cleanup() {
    local trace
    [ -n "$server" ] && kill -KILL "$server" 2>/dev/null && wait "$server" 2>/dev/null
    [ -n "$work" ] || return
    for trace in "$work"/*.trace; do
        [ -L "$trace" ] && rm -f "$(readlink "$trace")" # it lay in memory, where recording costs no disk writes
    done
    rm -rf "$work"
}

heading() {
    echo
    echo "================================================================================"
    echo "  $*"
    echo "================================================================================"
}

note() { echo "--- $*"; }

problem() {
    echo "kiwi: demo: $*" >&2
    problems=$((problems + 1))
}

give_up() {
    problem "$@"
    exit 1
}

# Prints the command as a user would type it, then runs it.
shown() {
    echo
    echo "\$ ${*//$work\//}" | sed "s|$BUILD/||g"
    "$@"
}

wait_for() { # SECONDS COMMAND...
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        [ $((tries -= 1)) -gt 0 ] && kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
}

# Starts the server of this part, recorded into $work/NAME.trace.
start() { # NAME COMMAND...
    local trace=$work/$1.trace
    shift
    echo
    echo "\$ LD_PRELOAD=libkiwi.so KIWI_OPTIONS=out=${trace##*/} ${*//$work\//} &" | sed "s|$BUILD/||g"
    LD_PRELOAD=$LIBRARY KIWI_OPTIONS=out=$trace "$@" >"$work/output" 2>&1 &
    server=$!
}

stop() { # NAME: SIGTERM, and the server must end in order
    note "SIGTERM to the server"
    kill -TERM "$server"
    wait_gone 10 || give_up "$1 did not end after SIGTERM"
    wait "$server"
    local status=$?
    server=
    [ $status = 0 ] || problem "$1 ended with status $status"
}

has_ended() { # nobody has waited for it yet: it is a zombie
    local status
    ! read -r status 2>/dev/null <"/proc/$server/stat" || [[ ${status##*) } = Z* ]]
}

wait_gone() { # SECONDS
    local tries=$(($1 * 20))
    until has_ended; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.05
    done
}

review() { # NAME FINDING...: prints the review, and checks that these findings are in it
    local trace=$work/$1.trace status ids finding
    shift
    shown "$KIWI" report "$trace"
    status=$?
    [ $status -lt 2 ] || problem "kiwi report ended with status $status"
    ids=$("$KIWI" report --format=json "$trace" | grep -oE '"id": *"[a-z-]+"')
    for finding in "$@"; do
        grep -q "\"$finding\"" <<<"$ids" || problem "the review lacks $finding"
    done
}

memcached_part() {
    local port connections=8 seconds=3
    heading "1. memcached from Debian, 4 threads, $connections connections for $seconds seconds"
    export MEMCACHED_PORT_FILENAME=$work/port # it chooses a free port and says here which
    start memcached memcached -u "$(id -un)" -l 127.0.0.1 -p -1 -t 4
    wait_for 5 grep -qs '^TCP' "$work/port" || give_up "memcached did not start: $(cat "$work/output")"
    port=$(sed -n 's/^TCP INET: //p' "$work/port")
    shown "$work/line_load" memcached "$port" $connections $seconds || problem "the load on memcached failed"
    stop memcached
    review memcached
}

service_start() { # NAME OPTION...
    local name=$1
    shift
    start "$name" "$SERVICE" --audit="$work/audit.log" "$@"
    wait_for 5 grep -qs 'listening on' "$work/output" || give_up "the service did not start: $(cat "$work/output")"
}

service_port() { sed -n 's/listening on //p' "$work/output"; }

service_part() {
    local expected=(lock-order-cycle lock-across-poll unlock-not-owner destroy-busy)
    # Where the build directory lies in memory, syncing the audit log takes no time.
    [ "$(stat -f -c %T "$work")" = tmpfs ] || expected+=(lock-across-block)
    heading "2. an epoll service of our own with planted bugs"
    shown "$SERVICE" --help
    service_start service --bug=all
    shown "$work/line_load" service "$(service_port)" 6 2 || problem "the load on the service failed"
    shown "$work/line_load" stats "$(service_port)" 2 1 || problem "the service gave no statistics"
    stop "the service"
    review service "${expected[@]}"
}

deadlock_part() {
    heading "3. the same service, killed while it is deadlocked"
    service_start deadlock --bug=deadlock
    shown "$work/line_load" moves "$(service_port)" 4 10
    [ $? = 3 ] || problem "the service was to hang, but it answered"
    note "SIGKILL to the server: nothing of it gets to run any more"
    kill -KILL "$server"
    wait "$server" 2>/dev/null
    server=
    shown "$KIWI" threads "$work/deadlock.trace" || problem "kiwi threads ended with status $?"
    review deadlock deadlock
}

main() {
    local file
    for file in "$KIWI" "$LIBRARY" "$SERVICE"; do
        [ -e "$file" ] || give_up "'$file' is not built (make demo builds it)"
    done
    command -v memcached >/dev/null || give_up "memcached is not installed (tools/install-deps demo installs it)"
    work=$(mktemp -d "$BUILD/demo.XXXXXX") || exit 1
    "${CC:-gcc}" -std=gnu11 -O2 -pthread -o "$work/line_load" tests/load/line_load.c || give_up "cannot build the load"
    memcached_part
    service_part
    deadlock_part
    heading "$([ $problems = 0 ] && echo "All three as expected." || echo "$problems of the above not as expected.")"
    [ $problems = 0 ]
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
main "$@"
