#!/bin/bash
# A file system that fills up while a process records: the process goes on, and its trace says what was refused.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

inside() { # COMMAND...: with a file system of its own at $scratch
    unshare --mount --map-root-user -- bash -c 'mount -t tmpfs -o size=$1 none "$2" && shift 2 && "$@"' _ "$@"
}
if ! inside 64k "$scratch" true 2>/dev/null; then
    echo "ok - full storage # SKIP no mount namespaces here"
    exit 0
fi

record() { # PROGRAM
    KIWI_OPTIONS="out=$scratch/full.trace" LD_PRELOAD="$KIWI_BUILD/libkiwi.so" "$KIWI_BUILD/wrap/$1" >"$scratch/out"
    echo "status $?"
    "$KIWI_BUILD/kiwi" report "$scratch/full.trace" 2>&1 | grep -o 'refused for lack of storage' | head -n 1
}
export -f record
export KIWI_BUILD scratch
for size in 64k 240k 260k 300k; do
    for program in many_threads thread_churn; do
        said=$(inside $size "$scratch" record $program 2>&1)
        # Too small for any trace: one line says so. Large enough at first: the report does.
        if [[ $said == *"status 0"* && $said =~ 'No space left'|refused ]]; then
            echo "ok - $program on $size"
        else
            echo "not ok - $program on $size"
            echo "# $said"
        fi
    done
done
