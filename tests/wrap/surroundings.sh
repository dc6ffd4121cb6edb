#!/bin/bash
# Places and limits in which a recording is impossible or small: one line at most, and the program is unharmed.
. "$(dirname "$0")/lib.bash"
program=$(realpath "$KIWI_BUILD")/wrap/cond
cd "$scratch" || exit 1 # where traces go that have no out=
nowhere=$scratch/nowhere

OPTIONS=out=$nowhere/%p.trace one_warning "no such directory" "$program"
OPTIONS=out=/proc/%p.trace one_warning "a place that can not be written" "$program"
OPTIONS=out=/dev/null/x one_warning "a file for a directory" "$program"
OPTIONS=out=$scratch/$(printf '%0300d' 0).trace one_warning "a name that is too long" "$program"
OPTIONS=colour=blue one_warning "an unknown option" "$program"
OPTIONS=depth=lots one_warning "a bad value" "$program"
bare "$program"
OPTIONS='=:::\\:%%:=,' recorded "$program"
without_warnings
check "garbage" alike
clear_traces
OPTIONS=size=9999T one_warning "an impossible size" "$program"

limited() { # TITLE ULIMIT_ARGUMENTS...
    local title=$1
    shift
    bare bash -c 'ulimit "$@" && exec "$0"' "$program" "$@"
    recorded bash -c 'unset LD_PRELOAD; ulimit "$@" && export LD_PRELOAD='"'$library'"' && exec "$0"' "$program" "$@"
    local said
    said=$(warnings)
    without_warnings
    check "$title" alike
    if [ "$said" -le 1 ]; then ok "$title: $said warnings"; else not_ok "$title: $said warnings"; fi
    clear_traces
}
limited "four descriptors" -n 4
limited "no file size" -f 0
limited "small files" -f 100
limited "little address space" -v 150000
limited "less address space" -v 60000
limited "small stack" -s 128
limited "no locked memory" -l 0
limited "one process" -u 20000

# Room for a trace, but not for the recorder beside what the program takes itself.
${CC:-gcc} -o "$scratch/large" -x c - <<<'static char large[200l << 20]; int main(void) { return large[5]; }' || exit 1
OPTIONS=out=$scratch/of.%e.trace recorded bash -c 'unset LD_PRELOAD; ulimit -v 240000; LD_PRELOAD='"'$library'"' exec "$0"' \
    "$scratch/large"
check "one line says why" grep -q '^kiwi: no memory for the recorder' "$scratch/kiwi.err"
check "and no trace is left" [ ! -e "$scratch/of.large.trace" ]
clear_traces

in_directory() { # TITLE DIRECTORY
    bare sh -c 'cd "$0" && exec "$1"' "$2" "$program"
    env -C "$scratch" LD_PRELOAD="$library" KIWI_OPTIONS= sh -c 'cd "$0" && exec "$1"' "$2" "$program" \
        >"$scratch/kiwi.out" 2>"$scratch/kiwi.err" </dev/null
    echo $? >"$scratch/kiwi.status"
    without_warnings
    check "$1" alike
}
in_directory "a directory that can not be written" /proc
mkdir "$scratch/gone"
bare sh -c 'cd "$0" && rmdir "$0" && exec "$1"' "$scratch/gone" "$program"
mkdir -p "$scratch/gone"
env -C "$scratch" LD_PRELOAD="$library" KIWI_OPTIONS=depth=8 sh -c 'cd "$0" && rmdir "$0" && exec "$1"' "$scratch/gone" "$program" \
    >"$scratch/kiwi.out" 2>"$scratch/kiwi.err" </dev/null
echo $? >"$scratch/kiwi.status"
without_warnings
check "a directory that is gone" alike

# On a file system that is full, or fills up while the program runs.
tiny=$scratch/tiny
mkdir "$tiny"
cleanup() { umount "$tiny" 2>/dev/null; }
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=3m tmpfs "$tiny" 2>/dev/null; then
    TRACES=$tiny OPTIONS=out=$tiny/%p.trace same "a file system of 3 MiB" "$program"
    rm -f "$tiny"/*
    TRACES=$tiny OPTIONS=out=$tiny/%p.trace same "a file system that fills up" "$KIWI_BUILD/wrap/mutex_errors"
    rm -f "$tiny"/*
    dd if=/dev/zero of="$tiny/filler" bs=4k 2>/dev/null
    OPTIONS=out=$tiny/%p.trace one_warning "a full file system" "$program"
    umount "$tiny"
else
    skip "a full file system" "needs the right to mount one"
fi

# Options that change what is recorded must not change what the program does.
for options in follow=root max-files=2 depth=4 depth=64 size=2M events=all events=off disable=all enable=locks heap=off; do
    for name in fork cond; do
        OPTIONS=$options same "$name with $options" "$KIWI_BUILD/wrap/$name"
    done
done
