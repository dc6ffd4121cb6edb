#!/bin/bash
# An allocator under stress (heap_stress.cpp): nothing breaks, nothing is found, and the recorder's memory does not grow.
# KIWI_STRESS_SECONDS=600 makes it long, and judges the growth as well.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin "${CXX:-g++}"
seconds=${KIWI_STRESS_SECONDS:-6}

"${CXX:-g++}" -std=c++17 -O2 -g -Wall -Wextra -pthread -o "$work/heap_stress" "$APPS/heap_stress.cpp" || exit 1

# Half of the time in each mode. Bare there is less to be seen.
sampled() { session "$1" sample; }
exact() { session "$1" exact; }
session() { # MODE HEAP
    local time
    time=$(awk -v s="$seconds" -v mode="$1" 'BEGIN { print mode == "bare" ? 1 : s / 2 }')
    [ "$1" = bare ] || export LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$work/kiwi/trace.%p:heap=$2
    "$work/heap_stress" "$time" "$work/figures.$2"
}

# It does make a thread for every few blocks.
silent() { # TITLE
    "$BUILD/kiwi" report --format=json -o "$work/report.json" "$work"/kiwi/trace.* 2>"$work/said"
    result "$1" "$(grep '"id"' "$work/report.json" | grep -v thread-churn; cat "$work/said")"
}

# The shared memory of the process is the trace's: full-grown after a tenth of the time, it stays as it is.
settled() { # FIGURES
    awk 'NR == 1 { first = $3 } { last = $3 } END { if (last > first + 4096) print first " KiB became " last " KiB" }' \
        "$1"
}

for heap in sample exact; do
    function=$heap
    [ $heap = exact ] || function=sampled
    compare "an allocator under stress, heap=$heap" 0 $function
    silent "an allocator under stress, heap=$heap: nothing is found in it"
    result "an allocator under stress, heap=$heap: the trace does not grow" "$(settled "$work/figures.$heap")"
    remove_traces
done
app_end
