#!/bin/bash
# What kiwi report --format=json prints is what docs/report.schema.json promises, with findings and without.
. "$(dirname "$0")/lib.bash"

if ! python3 -c 'import jsonschema' 2>/dev/null; then
    skip "the schema" "python3-jsonschema is not installed"
    exit 0
fi

cat >service.c <<'SOURCE'
#include <poll.h>
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static volatile int ended; /* how many: the second order comes after the first, or the two could meet */
static void *one(void *arg)
{
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&a);
        pthread_mutex_lock(&b);
        pthread_mutex_unlock(&b);
        poll(0, 0, 30);
        pthread_mutex_unlock(&a);
        usleep(1000);
    }
    ended = 1;
    while (ended < 2)
        usleep(1000);
    return arg;
}
static void *two(void *arg)
{
    while (!ended) {
        pthread_mutex_lock(&a);
        pthread_mutex_unlock(&a);
        usleep(2000);
    }
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    ended = 2;
    return arg;
}
int main(int argc, char **argv)
{
    pthread_t t[2];
    (void)argv;
    if (argc > 1) {
        pthread_create(&t[0], 0, one, 0);
        pthread_create(&t[1], 0, two, 0);
        pthread_join(t[0], 0);
        pthread_join(t[1], 0);
    }
    return 0;
}
SOURCE
gcc -g -O1 -pthread service.c -o service
"$KIWI" run --out=clean.trace ./service
"$KIWI" run --out=buggy.trace ./service bugs
"$KIWI" report --format=json clean.trace >clean.json
"$KIWI" report --format=json buggy.trace >buggy.json
"$KIWI" report --format=json clean.trace buggy.trace >both.json
"$KIWI" report --format=json --baseline=buggy.json clean.trace >fixed.json
"$KIWI" report --gen-suppressions buggy.trace | sed 's/^# reason/reason/' >all.supp
"$KIWI" report --format=json --baseline=clean.trace --suppressions=all.supp buggy.trace >hidden.json

cat >validate.py <<'PYTHON'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.Draft7Validator(schema).validate(json.load(open(sys.argv[2])))
PYTHON
for name in clean buggy both fixed hidden; do
    check "$name.json is as the schema says" python3 validate.py "$ROOT/docs/report.schema.json" $name.json
done
json() { python3 -c "import json,sys; r = json.load(open('$1')); sys.exit(not ($2))"; }
check "no findings: APPROVE" json clean.json "r['review']['verdict'] == 'APPROVE' and not r['findings']"
check "findings: REQUEST_CHANGES" json buggy.json \
    "r['review']['verdict'] == 'REQUEST_CHANGES' and len(r['findings']) >= 2"
check "a planted order cycle is there, with lines" json buggy.json \
    "any(f['id'] == 'lock-order-cycle' and f['location']['line'] for f in r['findings'])"
check "worst first" json buggy.json "r['findings'][0]['severity'] == r['review']['risk']"
check "a baseline tells what is fixed" json fixed.json \
    "r['baseline']['new'] == 0 and any(f['id'] == 'lock-order-cycle' and f['now'] is None for f in r['baseline']['fixed'])"
check "suppressions tell what they hid, and why" json hidden.json \
    "not r['findings'] and sum(s['findings'] for s in r['health']['suppressions']) >= 2 and r['health']['suppressions'][0]['reason']"
check "two traces are two processes" json both.json "len(r['processes']) == 2"
check "an invented key would be seen" bash -c \
    "! { sed 's/\"why\"/\"wherefore\"/' buggy.json >bad.json; python3 validate.py '$ROOT/docs/report.schema.json' bad.json; } 2>/dev/null"
finish
