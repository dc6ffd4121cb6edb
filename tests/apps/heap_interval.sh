#!/bin/bash
# What lives by call path, as kiwi show heap estimates it, against what does (heap_sites.c): the truth lies within the
# error that is told for nine call paths of ten, over 20 runs.
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin jq
runs=20
gcc -std=gnu11 -O2 -g -Wall -Wextra -o "$work/heap_sites" "$APPS/heap_sites.c" || exit 1

# Lines "site_7 BYTES ERROR".
estimates() { # TRACE
    "$BUILD/kiwi" show heap --top=0 --format=json "$1" | jq -r '.processes[].sites[]
        | "\(.stack | map(select(startswith("site_")))[0] // "none" | split(" ")[0]) \(.live.bytes) \(.live.bytes_error)"'
}

for ((run = 0; run < runs; run++)); do
    trace=$work/kiwi/trace.$run
    LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$trace:leak-scan=off "$work/heap_sites" >"$work/truth"
    estimates "$trace" >"$work/estimates"
    awk 'NR == FNR { truth[$1] = $2; next } $1 in truth {
        n++; off = $2 - truth[$1]; right += (off < 0 ? -off : off) <= $3 } END { print n + 0, right + 0 }' \
        "$work/truth" "$work/estimates"
    remove_traces
done >"$work/figures"
awk '{ n += $1; right += $2 } END { print n, right }' "$work/figures" >"$work/sum"
read -r judged right <"$work/sum"
echo "# $right of $judged call paths in $runs runs"
result "most call paths are met" "$([ "$judged" -ge $((runs * 48 * 3 / 4)) ] || echo "$judged of $((runs * 48))")"
result "the truth lies within the error" "$([ $((right * 10)) -ge $((judged * 9)) ] || echo "$right of $judged")"
app_end
