#!/bin/bash
# After threads were cancelled in every kind of call, the trace shows no call and no lock of theirs, and nothing was misused.
set -u
scratch=$(mktemp -d) || exit 1
coproc env LD_PRELOAD="$KIWI_BUILD/libkiwi.so" KIWI_OPTIONS="out=$scratch/trace" "$KIWI_BUILD/wrap/cancel_points" stay
program=$COPROC_PID
trap 'kill -KILL "$program" 2>/dev/null; rm -rf $(readlink -m "$scratch"/trace*) "$scratch"' EXIT

while read -r line <&"${COPROC[0]}"; do
    [[ $line == child:* ]] && break
done
for ((try = 0; try < 300; try++)); do # until it reads
    "$KIWI_BUILD/kiwi" threads --format=json "$scratch/trace" >"$scratch/threads" &&
        [ "$(jq -r '.threads[0].call.name' "$scratch/threads")" = read ] && break
    sleep 0.1
done
check() { # TITLE FILTER FILE
    if jq -e "$2" "$3" >/dev/null; then
        echo "ok - after cancellations $1"
    else
        echo "not ok - after cancellations $1"
        head -c 2000 "$3" | sed 's/^/# /'
    fi
}
check "one thread is left, in its own call" '.threads | length == 1 and .[0].call.name == "read"' "$scratch/threads"
check "no lock is held" '.threads | all(.holds == [])' "$scratch/threads"
echo >&"${COPROC[1]}"
wait "$program"
"$KIWI_BUILD/kiwi" report --format=json "$scratch/trace" >"$scratch/report"
check "nothing was misused" '[.findings[] | select(.category == "synchronization")] == []' "$scratch/report"
