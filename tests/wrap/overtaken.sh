#!/bin/bash
# A mutex or rwlock that looks free and is taken by another thread before the try: each such wait is counted and timed.
. "$(dirname "$0")/lib.bash"
here=$(dirname "$0")/overtaken
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -fPIC -shared -o "$scratch/libtry.so" "$here/try.c" -ldl || exit 1
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -pthread -o "$scratch/host" "$here/host.c" -L"$scratch" -ltry \
    -Wl,-rpath,"$scratch" || exit 1

# Counts are estimates from a sample, some 20 off in a run; those counted twice would be 122 of them.
runs=4
for _ in $(seq $runs); do
    recorded "$scratch/host"
    cat "$scratch/kiwi.out" >>"$scratch/counts"
done
check "runs" eval '[ "$(grep -Ecx "[0-9]+ [0-9]+" "$scratch/counts")" -eq $runs ]'
"$kiwi" show locks --format=json "$scratch"/*.trace >"$scratch/locks.json"
check "each wait, and no acquisition twice" python3 - "$scratch/locks.json" "$scratch/counts" <<'PY'
import json, sys
processes = json.load(open(sys.argv[1]))["processes"]
counts = [tuple(map(int, line.split())) for line in open(sys.argv[2])]
def all_named(name):
    rows = [[r for r in p["locks"] if name in r["name"]] for p in processes]
    print(rows)
    assert len(rows) == len(counts) and all(len(r) == 1 for r in rows)
    return [r[0] for r in rows]
ledgers, routes = all_named("ledger"), all_named("routes")
assert sorted(r["acquired"] for r in ledgers) == sorted(mutex for mutex, _ in counts)
for r in ledgers:
    assert r["wait"]["count"] == 3 and r["wait"]["total_ns"] >= 60e6
# The last few waits of a path may not be counted yet.
assert all(2 <= r["wait"]["count"] <= 122 for r in routes)
assert abs(sum(r["acquired"] for r in routes) - sum(rwlock for _, rwlock in counts)) < 60 * len(counts)
PY
