#!/bin/bash
# Callers of one lock wrapper are told apart at every depth, and where stacks are cut the report says so.
. "$(dirname "$0")/lib.bash"

# Functions of all stacks of the first lock-order cycle.
functions() {
    "$kiwi" report --format=json "$scratch"/*.trace |
        awk '/"id": "lock-order-cycle"/ { in_it = 1 } in_it && /"function":/ { print }' | sed 's/.*: "\(.*\)".*/\1/'
}

told_apart() {
    local seen
    seen=$(functions)
    grep -q '^walk_north$' <<<"$seen" && grep -q '^walk_south$' <<<"$seen" && return
    echo "functions seen: $(sort <<<"$seen" | uniq -c | tr '\n' ' ')"
    return 1
}

for depth in 0 2 8 20 28; do
    recorded "$KIWI_BUILD/wrap/stacks" $depth
    check "two callers of a lock wrapper, $depth calls away" told_apart
    clear_traces
done
OPTIONS=depth=64 recorded "$KIWI_BUILD/wrap/stacks" 50
check "two callers of a lock wrapper, 50 calls away" told_apart
