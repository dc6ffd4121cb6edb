#!/bin/bash
# Recording goes on after a signal handler left the recorder by siglongjmp: the inversion that follows is in the review.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf $(readlink -m "$scratch"/*.trace) "$scratch"' EXIT

for way in locks waits place; do
    env LD_PRELOAD="$KIWI_BUILD/libkiwi.so" KIWI_OPTIONS="out=$scratch/$way.trace" "$KIWI_BUILD/wrap/jumps" $way >/dev/null
    if "$KIWI_BUILD/kiwi" report --format=json "$scratch/$way.trace" >"$scratch/report"; [ $? -le 1 ] &&
        grep -q '"lock-order-cycle"' "$scratch/report"; then
        echo "ok - recording goes on after jumps: $way"
    else
        echo "not ok - recording goes on after jumps: $way"
        "$KIWI_BUILD/kiwi" report "$scratch/$way.trace" | head -n 8 | sed 's/^/# /'
    fi
done
