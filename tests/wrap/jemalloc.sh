#!/bin/bash
# jemalloc's own calls (mallocx and its kind): linked with, loaded for a plugin alone, or not there at all.
. "$(dirname "$0")/lib.bash"
jemalloc=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2

build() { # PROGRAM SOURCE FLAGS...
    local program=$1 source=$2
    shift 2
    ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -Wall -Wextra -O1 -fno-builtin -g -pthread -o "$scratch/$program" \
        "$(dirname "$0")/jemalloc/$source.c" "$@" 2>"$scratch/cc" || not_ok "$source.c builds" "$scratch/cc"
}

ids() { "$kiwi" report --format=json "$scratch"/*.trace | grep '"id"'; }
only() { [ "$(ids | sort -u | tr -cd 'a-z\n-' | sed 's/^id//')" = "$1" ] || { ids && false; }; }
silent() { readable && ! ids; }

finds() { # TITLE ID ARGUMENT
    OPTIONS=heap=exact recorded "$scratch/linked" "$3"
    check "$1" only "$2"
    clear_traces
}

build without extended
same "a program that looks for jemalloc, without it" "$scratch/without" look
# What the names give to whoever asks for no more than them.
recorded "$scratch/without"
check "the calls work without jemalloc" eval '[ "$(cat "$scratch/kiwi.status")" = 0 ] && readable &&
    ! grep -E "aligned to [0-9]*: 0|aligned 0|[1-9][0-9]* (lost|not zero)|[1-9][0-9]* wrong" "$scratch/kiwi.out"'
check "and nothing is said of them" silent
clear_traces

if [ ! -e $jemalloc ] || ! build linked extended $jemalloc; then
    skip "a program linked with jemalloc" "not installed"
    exit 0
fi
for heap in sample exact count off; do
    OPTIONS=heap=$heap same "jemalloc's own calls, heap=$heap" "$scratch/linked"
done
AFTER=$jemalloc same "jemalloc preloaded, behind" "$scratch/without"
BEFORE=$jemalloc same "jemalloc preloaded, in front" "$scratch/without"
OPTIONS=heap=exact recorded "$scratch/linked"
check "what mixes the calls as jemalloc allows has no finding" silent
check "they are counted" eval '"$kiwi" show heap "$scratch"/*.trace | grep -q churn'
clear_traces
finds "a block freed twice by two of them" double-free again
finds "blocks that are lost" heap-leak leak
build freed_elsewhere freed_elsewhere $jemalloc
for heap in sample exact; do
    OPTIONS=heap=$heap recorded "$scratch/freed_elsewhere"
    check "what jemalloc locks when Kiwi asks it is not called a signal handler's, heap=$heap" \
        eval 'silent && ! grep -qw "signal" "$scratch/report"'
    clear_traces
done
