#!/bin/bash
# kiwi export: collapsed stacks and a profile that a decoder of its own reads; sums over processes; mistakes.
. "$(dirname "$0")/lib.bash"

cat >holder.c <<'SOURCE'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define NOIPA __attribute__((noipa))
#define USE(p) __asm__ volatile("" : : "r"(p) : "memory")
__attribute__((used)) static void *kept[100];
static inline __attribute__((always_inline)) void *inlined_helper(size_t size) { return calloc(1, size); }
NOIPA static void *keep_one(size_t size) { void *p = inlined_helper(size); memset(p, 1, size); return p; }
NOIPA static void forget_one(void) { void *p = malloc(500); USE(p); }
NOIPA static void scratch(void) { void *p = malloc(700); USE(p); free(p); }
NOIPA static void clear_stack(void) { volatile char all[20000]; memset((char *)all, 0, sizeof all); }
int main(void)
{
    for (int i = 0; i < 100; i++)
        kept[i] = keep_one(1000);
    for (int i = 0; i < 50; i++)
        scratch();
    for (int i = 0; i < 40; i++) {
        forget_one();
        usleep(500);
    }
    clear_stack();
    return 0;
}
SOURCE
gcc -O2 -g holder.c -o holder || exit 1

# Reads the protocol buffer by its definition alone: {field: [values]}, messages within by their fields.
cat >profile.py <<'PYTHON'
import gzip, json, sys
data = gzip.open(sys.argv[1]).read()
def varint(b, at):
    value = shift = 0
    while True:
        byte = b[at]; at += 1
        value |= (byte & 127) << shift; shift += 7
        if byte < 128:
            return value, at
def fields(b):
    at, found = 0, {}
    while at < len(b):
        key, at = varint(b, at)
        if key & 7 == 0:
            value, at = varint(b, at)
        elif key & 7 == 2:
            size, at = varint(b, at)
            assert at + size <= len(b)
            value = b[at:at + size]; at += size
        else:
            raise ValueError('wire type %d' % (key & 7))
        found.setdefault(key >> 3, []).append(value)
    return found
def packed(parts):
    numbers = []
    for part in parts:
        at = 0
        while at < len(part):
            value, at = varint(part, at)
            numbers.append(value)
    return numbers
p = fields(data)
strings = [s.decode() for s in p[6]]
assert strings[0] == ''
def table(field):
    rows = {}
    for raw in p.get(field, []):
        row = fields(raw)
        assert row[1][0] not in rows
        rows[row[1][0]] = row
    assert set(rows) == set(range(1, len(rows) + 1))
    return rows
functions, mappings, locations = table(5), table(3), table(4)
def one(row, field):
    return row.get(field, [0])[0]
out = {'types': [[strings[one(fields(t), 1)], strings[one(fields(t), 2)]] for t in p[1]],
       'default': strings[one(p, 14)], 'duration': one(p, 10), 'time': one(p, 9), 'samples': [],
       'mappings': [{'file': strings[one(m, 5)], 'build_id': strings[one(m, 6)], 'start': one(m, 2), 'limit': one(m, 3),
                     'functions': one(m, 7)} for m in mappings.values()]}
for raw in p[2]:
    sample, stack = fields(raw), []
    for location in packed(sample[1]):
        place = locations[location]
        if one(place, 2):
            mapping = mappings[one(place, 2)]
            assert one(mapping, 2) <= one(place, 3) < one(mapping, 3), (hex(one(place, 3)), mapping)
        for line in place[4]:
            line = fields(line)
            function = functions[line[1][0]]
            stack.append('%s %s:%d' % (strings[one(function, 2)], strings[one(function, 4)].split('/')[-1], one(line, 2)))
    out['samples'].append({'stack': stack, 'values': packed(sample[2])})
    assert len(out['samples'][-1]['values']) == len(out['types'])
json.dump(out, sys.stdout)
PYTHON
json() { check "$1" jq -e "$2" out; }

"$KIWI" run --heap=exact --out=a.trace ./holder
"$KIWI" run --heap=exact --out=b.trace ./holder
run "$KIWI" export --format=collapsed a.trace
expect "what lives" 0 "main;keep_one(;inlined_helper)? 100000$" ""
check "and nothing else of the program" test "$(wc -l <out)" = 2
run "$KIWI" export --format=collapsed --what=allocated a.trace
expect "what was allocated" 0 "main;scratch 35000$" ""
check "a line is a path and a number" test "$(grep -vcE '^[^;]+(;[^;]+)* [0-9]+$' out)" = 0
check "no path twice" test -z "$(sed 's/ [0-9]*$//' out | sort | uniq -d)"
run "$KIWI" export --format=collapsed --what=allocated-blocks a.trace b.trace
expect "summed over processes" 0 "main;scratch 100$" ""
run "$KIWI" export --format=collapsed --what=lost a.trace
check "what was lost" grep -qE "main;forget_one (1[5-9]|20)[0-9]{3}$" out
check "alone" test "$(wc -l <out)" = 1

check "a profile" "$KIWI" export --format=pprof --what=allocated -o a.pb.gz a.trace
run python3 profile.py a.pb.gz
expect "can be read" 0 "*" ""
json "types of values" '.types | map(.[0]) == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space", "lost_space"]'
json "which is shown first" '.default == "alloc_space"'
json "when and how long" '.time > 1500000000000000000 and .duration > 10000000'
json "values and lines" '.samples[] | select(.stack[0] | startswith("scratch holder.c:")) | .values == [50, 35000, 0, 0, 0]'
json "inlined functions" \
    '.samples[] | select(.values[3] == 100000) | .stack[:3] | map(split(" ")[0]) == ["inlined_helper", "keep_one", "main"]'
json "modules" '.mappings[] | select(.file | endswith("/holder")) | (.build_id | length) == 40 and .functions == 1'
run sh -c '"$KIWI" export --format=pprof a.trace b.trace >ab.pb.gz'
run python3 profile.py ab.pb.gz
json "of two processes" '[.samples[] | select(.stack[0] | startswith("scratch"))] | length == 2'
if command -v go >/dev/null && go tool pprof -h 2>&1 | grep -q top; then
    run go tool pprof -sample_index=alloc_space -top a.pb.gz
    expect "pprof reads it" 0 "keep_one" "*"
else
    skip "pprof reads it" "go tool pprof is not installed"
fi

"$KIWI" run --heap=off --out=off.trace ./holder
run "$KIWI" export --format=collapsed off.trace
expect "nothing recorded, nothing written" 0 "" ""
check "an empty profile" "$KIWI" export --format=pprof -o off.pb.gz off.trace
check "is one, too" gzip -t off.pb.gz
run "$KIWI" export a.trace
expect "no format" 2 "" "no format named"
run "$KIWI" export --format=svg a.trace
expect "unknown format" 2 "" "unknown format 'svg'"
run "$KIWI" export --format=collapsed --what=alocated a.trace
expect "unknown value" 2 "" "did you mean 'allocated'"
run "$KIWI" export --format=collapsed
expect "no trace" 2 "" "no trace to export"
run "$KIWI" export --format=collapsed missing.trace
expect "missing trace" 2 "" "kiwi: cannot read 'missing.trace'"
finish
