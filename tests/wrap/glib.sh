#!/bin/bash
# GLib programs, whose mutexes and conditions are futexes of GLib's own, behave the same.
. "$(dirname "$0")/lib.bash"

if ! flags=$(pkg-config --cflags --libs glib-2.0 2>/dev/null); then
    skip "a GLib program" "GLib's headers are not installed"
    exit 0
fi

build() { # PROGRAM FLAGS...
    local program=$1
    shift
    ${CC:-gcc} -std=gnu11 -Wall -Wextra -O2 -g -pthread -o "$scratch/$program" "$(dirname "$0")/glib/$program.c" "$@" \
        2>"$scratch/cc" || not_ok "$program.c builds" "$scratch/cc"
}

# shellcheck disable=SC2086 # the flags are words
build threads $flags
# shellcheck disable=SC2086
build locks $flags
build late -ldl
# shellcheck disable=SC2086
build late_plugin -fPIC -shared $flags

found() { "$kiwi" report --format=json "$scratch"/*.trace | grep -q "\"id\": \"$1\""; }

# GLib ends the process itself; what it saw is in the trace before.
stopped() { # TITLE FINDING COMMAND...
    local title=$1 finding=$2
    shift 2
    ulimit -c 0
    bare "$@" 2>/dev/null
    recorded "$@" 2>/dev/null
    check "$title" eval 'alike && readable && [ "$(cat "$scratch/kiwi.status")" = 134 ]'
    check "$title: $finding" found "$finding"
    clear_traces
}

same "a GLib program: locks, conditions, once, pools, queues, main loops" "$scratch/threads"
same "GLib's locks, call by call" "$scratch/locks"
OPTIONS=disable=locks same "the same where locks are not recorded" "$scratch/locks"
stopped "a GMutex unlocked that nobody holds" unlock-not-owner "$scratch/locks" unlock
stopped "a GMutex cleared that is held" destroy-busy "$scratch/locks" clear
same "GLib loaded with a plugin, for it alone" "$scratch/late" "$scratch/late_plugin"
recorded "$scratch/late" "$scratch/late_plugin"
check "the locks of such a plugin are recorded" eval '"$kiwi" show locks "$scratch"/*.trace | grep GMutex'
clear_traces
recorded "$scratch/locks"
check "a use after g_mutex_clear is found" found use-after-destroy
check "nothing of it counts as made in a signal handler" \
    eval '! "$kiwi" report "$scratch"/*.trace | grep "inside signal handlers"'
