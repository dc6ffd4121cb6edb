#!/bin/bash
# A mutex that looks free and is taken by another thread before the try: each such wait is counted and timed.
. "$(dirname "$0")/lib.bash"
here=$(dirname "$0")/overtaken
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -fPIC -shared -o "$scratch/libtry.so" "$here/try.c" -ldl || exit 1
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -pthread -o "$scratch/host" "$here/host.c" -L"$scratch" -ltry \
    -Wl,-rpath,"$scratch" || exit 1

recorded "$scratch/host"
check "runs" grep -qx "done" "$scratch/kiwi.out"
"$kiwi" show locks --format=json "$scratch"/*.trace >"$scratch/locks.json"
check "three waits of 30 ms" python3 - "$scratch/locks.json" <<'PY'
import json, sys
rows = [r for p in json.load(open(sys.argv[1]))["processes"] for r in p["locks"] if "ledger" in r["name"]]
print(rows)
assert len(rows) == 1 and rows[0]["wait"]["count"] == 3 and rows[0]["acquired"] == 104 and rows[0]["wait"]["total_ns"] >= 60e6
PY
