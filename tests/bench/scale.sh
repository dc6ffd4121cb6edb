#!/bin/bash
# scale.sh [LOCKS] - very many locks: what recording them costs, and how the analysis grows. Prints figures, judges none.
# LOCKS live mutexes (default 1,000,000) are locked and nested, bare and under libkiwi; then synthetic lock graphs with a
# hundredth, a tenth of that and with ten dependency rows to each of those locks are analysed.
set -eu
cd "$(dirname "$0")/../.."
locks=${1:-1000000}
build=${KIWI_BUILD:-$PWD/build}
scratch=$(mktemp -d)
trap 'rm -rf $(readlink -m "$scratch"/*.trace*) "$scratch"' EXIT # traces may lie in memory, behind a link
for program in many_locks lock_graph; do
    "${CC:-gcc}" -std=gnu11 -O2 -pthread "tests/bench/$program.c" -o "$scratch/$program"
done

echo "$locks live mutexes, a tenth of them nested (processor time of a pair):"
echo "  bare:    $("$scratch/many_locks" "$locks" 3)"
echo "  libkiwi: $(LD_PRELOAD=$build/libkiwi.so KIWI_OPTIONS=out=$scratch/many.trace "$scratch/many_locks" "$locks" 3)"
echo "  trace:   $(du -kL "$scratch/many.trace" | cut -f1) KiB"
"$build/kiwi" report "$scratch/many.trace" >"$scratch/review"
sed -n 's/^Verdict: /  verdict: /p' "$scratch/review"

echo "lock graphs:"
for size in $((locks / 100)) $((locks / 10)); do
    "$scratch/lock_graph" "$size" $((size * 10)) "$scratch/graph.trace"
    status=0
    /usr/bin/time -f "  $size locks, $((size * 10)) rows: %U s of processor time, %M KiB" -o "$scratch/time" \
        "$build/kiwi" report "$scratch/graph.trace" >"$scratch/review" || status=$?
    [ "$status" -lt 2 ] # it may have findings
    grep -v "exited with" "$scratch/time"
done
