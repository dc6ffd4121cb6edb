#!/bin/bash
# A child that runs on its parent's memory (clone with CLONE_VM) ends, or becomes another program: its parent goes on, and
# the parent's trace says so.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf $(readlink -m "$scratch"/*.trace) "$scratch"' EXIT
for way in exec exit; do
    env LD_PRELOAD="$KIWI_BUILD/libkiwi.so" KIWI_OPTIONS="follow=root:out=$scratch/$way.trace" \
        "$KIWI_BUILD/wrap/clone_vm" $way >"$scratch/$way.out" &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        sleep 0.05
        grep -qs 'still here' "$scratch/$way.out" && break
    done
    state=$("$KIWI_BUILD/kiwi" ls "$scratch/$way.trace" | tail -n 1)
    if [[ $state == *" live "* ]]; then
        echo "ok - $way in a child on shared memory"
    else
        echo "not ok - $way in a child on shared memory"
        echo "# $state"
    fi
    kill -9 $pid
    wait $pid 2>/dev/null || :
done
