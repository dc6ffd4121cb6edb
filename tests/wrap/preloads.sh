#!/bin/bash
# Beside other preloaded libraries, before them and after them.
. "$(dirname "$0")/lib.bash"

beside() { # NAME LIBRARY PROGRAM...
    local name=$1 other=$2 program
    shift 2
    if [ ! -e "$other" ]; then
        skip "beside $name" "not installed"
        return
    fi
    for program; do
        BEFORE=$other same "$program, $name first" "$KIWI_BUILD/wrap/$program"
        AFTER=$other same "$program, $name second" "$KIWI_BUILD/wrap/$program"
    done
}

lib=/usr/lib/x86_64-linux-gnu
beside jemalloc $lib/libjemalloc.so.2 thread cxx cond fork
beside tcmalloc $lib/libtcmalloc_minimal.so.4 heap thread cxx cond fork
beside mimalloc $lib/libmimalloc.so.2 heap thread cond fork
# Not cond, cxx and thread: on its own faketime lets waits by the monotonic clock go on for ever. Not fork: on its own it
# makes a spawned child fail now and then.
beside faketime $lib/faketime/libfaketimeMT.so.1 heap thread_churn jumps

# A program built with a sanitizer, whose runtime must come first.
sanitized() { # address|thread
    local runtime
    runtime=$(readlink -e "$(${CC:-gcc} -print-file-name=lib${1:0:1}san.so)")
    if [ -n "$runtime" ] && ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O1 -g -pthread -fsanitize="$1" -o "$scratch/sanitized" \
        "$(dirname "$0")/stacks.c" 2>/dev/null; then
        OPTIONS=follow=root BEFORE=$runtime same "built with -fsanitize=$1" "$scratch/sanitized"
    else
        skip "built with -fsanitize=$1" "the compiler has no runtime for it"
    fi
}
sanitized address
AFTER=$library same "twice the same library" "$KIWI_BUILD/wrap/cond"
