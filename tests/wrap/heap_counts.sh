#!/bin/bash
# Every call of the malloc family counts once, whichever of the others the real one calls: with heap=exact, and in
# scopes. pvalloc is left out: jemalloc has none, and cannot free what glibc made.
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
