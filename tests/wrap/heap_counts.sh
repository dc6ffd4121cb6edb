#!/bin/bash
# Every call of the malloc family counts once, whichever of the others the real one calls: with heap=exact, and in
# scopes. And a thread that has long made no locks: in which block the next one lies is not known, that of the ones after
# it is. pvalloc is left out: jemalloc has none, and cannot free what glibc made.
. "$(dirname "$0")/lib.bash"
jemalloc=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2

cat >"$scratch/counts.c" <<'C'
#include "kiwi.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define MADE(how) static __attribute__((noinline)) void *made_by_##how(void)
MADE(malloc) { return malloc(50); }
MADE(calloc) { return calloc(5, 10); }
MADE(realloc) { return realloc(malloc(50), 5000); }
MADE(reallocarray) { return reallocarray(NULL, 5, 10); }
MADE(reallocarray_again) { return reallocarray(malloc(50), 500, 10); }
MADE(memalign) { return memalign(64, 50); }
MADE(aligned_alloc) { return aligned_alloc(64, 64); }
MADE(valloc) { return valloc(50); }
MADE(strdup) { return strdup("a string"); }
MADE(posix_memalign)
{
    void *p;
    return posix_memalign(&p, 64, 50) ? NULL : p;
}

int main(void)
{
    void *(*made[])(void) = {made_by_malloc,   made_by_calloc,        made_by_realloc, made_by_reallocarray,
                             made_by_memalign, made_by_aligned_alloc, made_by_valloc,  made_by_strdup,
                             made_by_posix_memalign, made_by_reallocarray_again};
    for (int i = 0; i < 300; i++) {
        kiwi_scope_begin("round");
        for (unsigned k = 0; k < sizeof made / sizeof *made; k++)
            free(made[k]());
        kiwi_scope_end("round");
    }
    return 0;
}
C
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O1 -fno-builtin -fno-optimize-sibling-calls -g -I interpose -pthread \
    -o "$scratch/counts" "$scratch/counts.c" -ldl 2>"$scratch/cc" || not_ok "the program builds" "$scratch/cc"

# 300 blocks by each function; those that begin with malloc and go on with realloc make 600.
as_they_are() {
    "$kiwi" show heap --format=json "$scratch"/*.trace >"$scratch/heap.json" && python3 - "$scratch/heap.json" <<'P'
import collections, json, re, sys
blocks = collections.Counter()
for site in json.load(open(sys.argv[1]))["processes"][0]["sites"]:
    maker = re.search(r"made_by_(\w+)", " ".join(site["stack"]))
    if maker:
        blocks[maker[1]] += round(site["allocated"]["blocks"])
wrong = {k: v for k, v in blocks.items() if v != (600 if k in ("realloc", "reallocarray_again") else 300)}
print(dict(blocks))
sys.exit(len(blocks) != 10 or bool(wrong))
P
}
in_scopes() { "$kiwi" show scopes "$scratch"/*.trace | tee /dev/stderr | grep -q 'allocations in 300 of 300: p50 12, at most 12;'; }

counted() { # TITLE
    OPTIONS=heap=exact recorded "$scratch/counts"
    check "$1: each call counts once" as_they_are
    check "$1: in scopes as well" in_scopes
    clear_traces
}

counted "glibc"
if [ -e $jemalloc ]; then AFTER=$jemalloc counted "jemalloc behind"; else skip "jemalloc behind" "not installed"; fi

cat >"$scratch/many.c" <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct box { char before[40]; pthread_mutex_t lock; };

static __attribute__((noinline)) struct box *box_new(void)
{
    struct box *b = malloc(sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

static void use(struct box *b) { pthread_mutex_lock(&b->lock); usleep(5000); pthread_mutex_unlock(&b->lock); }
static void *nothing(void *arg) { return arg; }

int main(void)
{
    for (int i = 0; i < 1500000; i++) {
        free(malloc((size_t)i % 100 + 1));
        free(calloc(1, (size_t)i % 50 + 1));
    }
    pthread_t t;
    pthread_create(&t, NULL, nothing, NULL);
    pthread_join(t, NULL);
    struct box *a = box_new(), *b = box_new();
    for (int i = 0; i < 3; i++) {
        use(a);
        use(b);
    }
    return 0;
}
C
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O1 -fno-builtin -g -pthread -o "$scratch/many" "$scratch/many.c" || exit 1
recorded "$scratch/many"
"$kiwi" show locks "$scratch"/*.trace >"$scratch/locks"
check "the first lock after many blocks is known by its place" grep -q 'mutex initialised at box_new' "$scratch/locks"
check "the next one by its block" grep -q 'mutex at +0x28 in an 80-byte block allocated at box_new' "$scratch/locks"
