#!/bin/bash
# A GLib program, whose mutexes and conditions are futexes of GLib's own, behaves the same.
. "$(dirname "$0")/lib.bash"

if ! flags=$(pkg-config --cflags --libs glib-2.0 2>/dev/null); then
    skip "a GLib program" "GLib's headers are not installed"
    exit 0
fi
# shellcheck disable=SC2086 # the flags are words
if ${CC:-gcc} -std=gnu11 -Wall -Wextra -O2 -g -pthread -o "$scratch/threads" "$(dirname "$0")/glib/threads.c" $flags \
    2>"$scratch/cc"; then
    same "a GLib program: locks, conditions, once, pools, queues, main loops" "$scratch/threads"
else
    not_ok "the GLib program builds" "$scratch/cc"
fi
