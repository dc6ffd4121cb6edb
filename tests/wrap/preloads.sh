#!/bin/bash
# Beside other preloaded libraries, before them and after them.
. "$(dirname "$0")/lib.bash"
programs=(heap thread cxx cond jumps)

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
beside tcmalloc $lib/libtcmalloc_minimal.so.4 thread cxx cond
beside mimalloc $lib/libmimalloc.so.2 thread cxx cond
beside faketime $lib/faketime/libfaketimeMT.so.1 "${programs[@]}"
AFTER=$library same "twice the same library" "$KIWI_BUILD/wrap/cond"
