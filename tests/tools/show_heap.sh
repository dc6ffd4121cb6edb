#!/bin/bash
# kiwi show heap: what lives by call path, exact and estimated, as text and JSON, and who frees it.
. "$(dirname "$0")/lib.bash"

cat >holder.c <<'SOURCE'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#define NOIPA __attribute__((noipa))
static void *kept[4000], *passed[500];
NOIPA static void *keep_one(size_t size) { return malloc(size); }
NOIPA static void *pass_one(void) { return strdup("a message for the other thread"); }
NOIPA static void scratch(void) { void *p = malloc(700); memset(p, 1, 700); free(p); }
static void *consume(void *unused)
{
    for (int i = 0; i < 500; i++)
        free(passed[i]);
    return unused;
}
int main(void)
{
    pthread_t t;
    for (int i = 0; i < 4000; i++)
        kept[i] = keep_one(5000);
    for (int i = 0; i < 1000; i++)
        free(kept[i]);
    for (int i = 0; i < 500; i++)
        passed[i] = pass_one();
    for (int i = 0; i < 20000; i++)
        scratch();
    return pthread_create(&t, NULL, consume, NULL) || pthread_join(t, NULL);
}
SOURCE
gcc -g -pthread holder.c -o holder || exit 1
json() { check "$1" jq -e "$2" out; }
site() { echo ".processes[0].sites[] | select(.site | startswith(\"$1\"))"; }

"$KIWI" run --heap=exact --out=exact.trace ./holder
run "$KIWI" show heap exact.trace
expect "the table" 0 "14.3 MiB +0 B +3000 +19.1 MiB +19.1 MiB +4000 +4.77 MiB .* keep_one holder.c:[0-9]+ < main" ""
expect "who frees" 0 "100 % of the freed ones freed by another thread than allocated them \(T2" ""
expect "says that nothing is estimated" 0 "Every allocation was looked at" ""
run "$KIWI" show heap --format=json exact.trace
expect "as JSON" 0 "*" ""
json "schema" '.schema == "kiwi-heap/1" and .processes[0].exact'
json "what lives" "$(site keep_one) | .live.bytes == 15000000 and .live.blocks == 3000 and .live.bytes_error == 0"
json "what was freed" "$(site scratch) | .freed.blocks == 20000 and .live.bytes == 0 and .peak_bytes == 700"
json "who freed" "$(site pass_one) | .freed.share_by_other_threads == 1 and (.freed.other_thread | startswith(\"T2\"))"
json "most live bytes first" '[.processes[0].sites[].live.bytes] | . == (sort | reverse)'
run "$KIWI" show heap --sort=allocated --top=1 --format=json exact.trace
json "sorted by what was allocated" '.processes[0].sites | length == 1 and (.[0].site | startswith("keep_one"))'

"$KIWI" run --out=sample.trace ./holder
run "$KIWI" show heap sample.trace
expect "an estimate" 0 "Estimated from a sample" ""
run "$KIWI" show heap --format=json sample.trace
json "is not exact" '.processes[0].exact | not'
json "and near the truth" "$(site keep_one) | (.live.bytes - 15000000) | fabs < 7500000"
json "within its error, widely" "$(site keep_one) | ((.live.bytes - 15000000) | fabs) <= 3 * .live.bytes_error"
json "which is not 0" "$(site keep_one) | .live.bytes_error > 0"
"$KIWI" run --heap=count --out=count.trace ./holder
run "$KIWI" show heap count.trace
expect "nothing to show" 0 "No allocation was looked at" ""
# Who serves malloc: jemalloc says more of itself; an allocator that is not seen is named.
jemalloc=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2
if [ -e $jemalloc ] && gcc -g -pthread holder.c -o holder_je $jemalloc; then
    "$KIWI" run --out=je.trace ./holder_je
    run "$KIWI" show heap je.trace
    expect "jemalloc's own figures" 0 "jemalloc says: 1[45]\.[0-9] MiB allocated in .*fragmentation 1\.[0-9]" ""
    run "$KIWI" show heap --format=json je.trace
    json "as JSON" '.processes[0] | (.allocator | .allocated >= 15000000 and .active >= .allocated and
        .resident >= .active and .resident_max >= .resident and .looks >= 1) and .unseen == null'
    LD_PRELOAD=$jemalloc:$BUILD/libkiwi.so KIWI_OPTIONS=out=front.trace ./holder
    run "$KIWI" report front.trace
    expect "an allocator in front" 0 "allocations were not seen: malloc is that of libjemalloc.so.2" ""
else
    skip "jemalloc's own figures" "not installed"
fi
cat >own.c <<'SOURCE'
#include <stddef.h>
#include <string.h>
static char pool[1 << 22];
static size_t used;
SEEN void *malloc(size_t size)
{
    char *p = pool + used;
    used += (size + 31) & ~(size_t)15;
    *(size_t *)(void *)p = size;
    return p + 16;
}
SEEN void free(void *p) { (void)p; }
SEEN void *calloc(size_t n, size_t size) { return malloc(n * size); }
SEEN void *realloc(void *old, size_t size)
{
    void *p = malloc(size);
    return old ? memcpy(p, old, ((size_t *)old)[-2] < size ? ((size_t *)old)[-2] : size) : p;
}
int main(void)
{
    for (int i = 0; i < 1000; i++)
        free(memset(malloc(100), 1, 100));
    return 0;
}
SOURCE
own() { # TITLE SEEN TEXT
    rm -f own own.trace
    gcc -g -fno-builtin -DSEEN="$2" own.c -o own && "$KIWI" run --out=own.trace ./own
    run "$KIWI" report --format=json own.trace
    expect "$1: the report says so" 0 "$3" ""
    run "$KIWI" show heap own.trace
    expect "$1: so does the table" 0 "Note: .*$3" ""
}
own "a malloc in the program" "" "allocations were not seen: the program has a malloc of its own"
own "one that libraries do not see" '__attribute__((visibility("hidden")))' "it has a malloc for itself alone"
run "$KIWI" show heap --format=json exact.trace
json "else nothing is said" '.processes[0] | .unseen == null and .allocator == null'
run "$KIWI" show heap --sort=name exact.trace
expect "no such order" 2 "" "cannot sort heap by 'name'"
finish
