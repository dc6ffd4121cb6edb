#!/bin/bash
# How malloc fails, and what it promises when it does: bare and recorded, in every way of recording single blocks.
. "$(dirname "$0")/lib.bash"
here=$(dirname "$0")/heap_errors
flags=(-std=gnu11 -D_GNU_SOURCE= -Wall -Wextra -O1 -fno-builtin -g -pthread)
${CC:-gcc} "${flags[@]}" -o "$scratch/errors" "$here/errors.c" -ldl || exit 1
${CC:-gcc} "${flags[@]}" -fPIC -shared -o "$scratch/plugin.so" "$here/plugin.c" || exit 1

tuned_env() { # TUNABLES PART
    same "$2 with $1, heap=$heap" env GLIBC_TUNABLES="$1" "$scratch/errors" "$2"
}

for heap in sample exact; do
    export OPTIONS=heap=$heap:heap-rate=4K
    for part in calls limits errno contents room; do
        same "malloc's $part, heap=$heap" "$scratch/errors" $part
    done
    same "a data segment of 150 MB, heap=$heap" prlimit --data=150000000 "$scratch/errors" most
    same "an address space of 300 MB, heap=$heap" prlimit --as=300000000 "$scratch/errors" most
    same "a plugin with a malloc of its own, heap=$heap" "$scratch/errors" apart "$scratch/plugin.so"
    tuned_env glibc.malloc.tcache_count=0 calls
    tuned_env glibc.malloc.tcache_count=0 errno
    tuned_env glibc.malloc.perturb=165 contents
    tuned_env glibc.malloc.check=3 calls
    tuned_env glibc.malloc.mmap_threshold=4096:glibc.malloc.arena_max=1 calls
done
