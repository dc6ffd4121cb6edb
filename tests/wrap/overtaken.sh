#!/bin/bash
# A mutex or rwlock that looks free and is taken by another thread before the try: each such wait is counted and timed.
. "$(dirname "$0")/lib.bash"
here=$(dirname "$0")/overtaken
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -fPIC -shared -o "$scratch/libtry.so" "$here/try.c" -ldl || exit 1
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -pthread -o "$scratch/host" "$here/host.c" -L"$scratch" -ltry \
    -Wl,-rpath,"$scratch" || exit 1

recorded "$scratch/host"
check "runs" grep -Eqx '[0-9]+ [0-9]+' "$scratch/kiwi.out"
"$kiwi" show locks --format=json "$scratch"/*.trace >"$scratch/locks.json"
check "each wait, and no acquisition twice" python3 - "$scratch/locks.json" "$scratch/kiwi.out" <<'PY'
import json, sys
rows = [r for p in json.load(open(sys.argv[1]))["processes"] for r in p["locks"]]
mutex, rwlock = map(int, open(sys.argv[2]).read().split())
def the(name):
    one = [r for r in rows if name in r["name"]]
    print(one)
    assert len(one) == 1
    return one[0]
# The last few of a path may not be counted yet; those counted twice would be 122.
ledger, routes = the("ledger"), the("routes")
assert ledger["wait"]["count"] == 3 and ledger["acquired"] == mutex and ledger["wait"]["total_ns"] >= 60e6
assert 2 <= routes["wait"]["count"] <= 122 and abs(routes["acquired"] - rwlock) < 60
PY
