#!/bin/bash
# What a thread needed beyond its first room serves the next ones: a thousand threads lose nothing.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf $(readlink -m "$scratch"/*.trace) "$scratch"' EXIT
env LD_PRELOAD="$KIWI_BUILD/libkiwi.so" KIWI_OPTIONS="out=$scratch/churn.trace" "$KIWI_BUILD/wrap/thread_churn" >/dev/null
"$KIWI_BUILD/kiwi" report --format=json "$scratch/churn.trace" >"$scratch/report"
if grep -qE '"dropped": \{\}' "$scratch/report"; then
    echo "ok - thread churn loses nothing"
else
    echo "not ok - thread churn loses nothing"
    grep -A5 '"dropped"' "$scratch/report" | sed 's/^/# /'
fi
