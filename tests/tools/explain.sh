#!/bin/bash
# kiwi explain: every finding, and mistakes.
. "$(dirname "$0")/lib.bash"

ids=$(sed -nE 's/^[[:space:]]*FINDING\([^"]*"([a-z-]+)".*/\1/p' "$ROOT/analysis/findings.def")
run "$KIWI" explain
expect "the list" 0 "^  lock-order-cycle " ""
for id in $ids; do grep -qE "^  $id " out || echo "$id"; done >missing
check "the list is complete" test ! -s missing
check "what is decided comes before what is not" \
    awk '/^  deadlock /{d = NR} /are decided by this version/{m = NR} END { exit !(d && m && d < m) }' out
for id in $ids; do "$KIWI" explain "$id" >text && [ "$(wc -l <text)" -ge 4 ] && head -n 1 text | grep -q "^$id: " || echo "$id"; done >missing
check "each finding is explained" test ! -s missing
run "$KIWI" explain deadlock lock-across-poll
expect "several at once" 0 "^lock-across-poll: " ""
run "$KIWI" explain dead-lock
expect "nearest finding is suggested" 2 "" "^kiwi: unknown finding 'dead-lock', did you mean 'deadlock'\?"
finish
