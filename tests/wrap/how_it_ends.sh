#!/bin/bash
# An exec that fails ends nothing: what the process does next is in its trace, which ends as the process does. Nor do
# questions about seccomp, and what of it the kernel refuses. Where several threads end it at once, one trace is left.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf $(readlink -m "$scratch"/*.trace) "$scratch"' EXIT
kiwi=$KIWI_BUILD/kiwi

judge() { # TITLE COMMAND...
    local title=$1
    shift
    if "$@"; then
        echo "ok - $title"
    else
        echo "not ok - $title"
        "$kiwi" report "$scratch"/*.trace | tail -n 8 | sed 's/^/# /'
    fi
}
run() { # PROGRAM [ARGUMENT]
    rm -f "$scratch"/*
    env LD_PRELOAD="$KIWI_BUILD/libkiwi.so" KIWI_OPTIONS="out=$scratch/t.trace" "$KIWI_BUILD/wrap/$1" "${@:2}" >/dev/null
}

run failed_exec
judge "it ends with its exit status" grep -q ' exit 3 ' <("$kiwi" ls "$scratch/t.trace")
judge "what came after the exec is there" grep -q after_exec <("$kiwi" show locks "$scratch/t.trace")
judge "nothing else is left behind" test "$(ls "$scratch")" = t.trace -a ! -L "$scratch/t.trace"

run seccomp_questions
judge "questions about seccomp stop no recording" grep -q after_questions <("$kiwi" show locks "$scratch/t.trace")
judge "and nothing was refused" test -z "$("$kiwi" report "$scratch/t.trace" | grep -E 'refused|stopped early')"
judge "the trace is in its place" test ! -L "$scratch/t.trace"

left=0
for ((i = 0; i < 20; i++)); do
    run many_exits
    [ "$(ls "$scratch")" = t.trace ] && [ ! -L "$scratch/t.trace" ] || left=$((left + 1))
done
judge "threads that end the process at once leave one whole trace ($left of 20 did not)" test $left = 0
