#!/bin/bash
# The trace after every single instruction of a lock call, where kill_consistency.sh has random moments: see step_check.c.
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin nm

readonly OVER='^(unwind|capture_new|misuse_find_holder_in|clock_sample|acquisition_line_new|stack_search|contention_enter|stack_pin)$'

for program in step_check stepped_locks; do
    "${CC:-gcc}" -std=gnu11 -O2 -g -Wall -Wextra -pthread -o "$work/$program" "$APPS/$program.c" || exit 1
done
over=$(nm "$BUILD/libkiwi.so" | awk -v over="$OVER" '$3 ~ over { print $1 }')
if [ -z "$over" ]; then
    echo "ok - steps # SKIP the library has no symbols"
    exit 0
fi

stepped() { # TITLE ALONE
    local order=$work/kiwi/order.$2
    KIWI_OPTIONS="out=$work/kiwi/trace.$2" STEP_PRELOAD="$BUILD/libkiwi.so" STEP_OVER="$over" \
        "$work/step_check" "$1" "$work/kiwi/trace.$2" "$work/stepped_locks" "$2" || failed=1
    "$BUILD/kiwi" graph "$work/kiwi/trace.$2" >"$order" || failed=1
    local inner
    inner=$(sed -n 's/^ *\(lock[0-9]*\) \[label="next_inner .*/\1/p' "$order")
    if [ "$(grep -c -- "-> ${inner:-none} " "$order")" = 1 ]; then
        echo "ok - steps: $1, a handler's lock leaves no order behind"
    else
        echo "not ok - steps: $1, a handler's lock leaves no order behind"
        grep -- '->' "$order" | sed 's/^/# /'
        failed=1
    fi
}

stepped "the process has one thread" 1
stepped "it has two" 0
app_end
