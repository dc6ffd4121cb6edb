#!/bin/bash
# Variables that are old, wrong or hostile: the program runs as bare, and no foreign file is touched.
set -u
scratch=$(mktemp -d) || exit 1
# Whatever a trace is called here, it may lie in memory.
trap 'rm -rf $(find "$scratch" -lname "/dev/shm/kiwi-*" -printf "%l ") "$scratch"' EXIT
cd "$scratch" || exit 1

# The trace that KIWI_ROOT names may have been replaced by anything.
: >empty
head -c 8192 /dev/zero >zeros
cp zeros before
mkfifo pipe
ln -s zeros link
mkdir directory
for place in empty zeros pipe link directory nowhere; do
    message=$(KIWI_ROOT="1,$scratch/$place,$scratch/%p.trace" LD_PRELOAD="$KIWI_BUILD/libkiwi.so" timeout 20 sh -c 'exit 7' 2>&1)
    status=$?
    if [ $status = 7 ] && [ -z "$message" ] && cmp -s zeros before && [ ! -s empty ]; then
        echo "ok - KIWI_ROOT names: $place"
    else
        echo "not ok - KIWI_ROOT names: $place"
        echo "# status $status: $message"
    fi
done

for root in "" "," "1" "1," "1,," ",,," "99999999999999999999,$scratch/zeros,x" "1,$(printf 'a%.0s' {1..5000}),b" "x,y,z"; do
    status=$(KIWI_ROOT="$root" KIWI_OPTIONS="out=$scratch/%p.trace" LD_PRELOAD="$KIWI_BUILD/libkiwi.so" timeout 20 \
        sh -c 'exit 7' 2>/dev/null; echo $?)
    [ "$status" = 7 ] && echo "ok - KIWI_ROOT is '${root:0:40}'" || echo "not ok - KIWI_ROOT is '${root:0:40}': status $status"
done
