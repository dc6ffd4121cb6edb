#!/bin/bash
# kiwi ls: what is listed and how; orphans on tmpfs; damaged and foreign files.
. "$(dirname "$0")/lib.bash"

run "$KIWI" ls .
expect "an empty directory" 0 "^no traces$" ""
# One that was killed before it could say where its trace belongs; only a list of everything has to do with it.
broken=/dev/shm/kiwi-$(id -u)-0-$$.trace
mkdir whole
"$KIWI" run --out=whole/t.trace true
head -c 16 "$(readlink -m whole/t.trace)" >"$broken"
truncate -s 64K "$broken"
run "$KIWI" ls .
expect "a stored trace that belongs nowhere is not of this directory" 0 "^no traces$" ""
run "$KIWI" ls
expect "a list of everything names it" 2 "*" "^kiwi: cannot read '$broken': "
rm "$broken"
mkdir traces
"$KIWI" run --out=traces/%e.%p.trace sh -c 'exit 4'
"$KIWI" run --out=traces/%e.%p.trace sh -c '/bin/true; kill -KILL $$'
run "$KIWI" ls traces
expect "status, kill and children" 0 " exit 4 .*traces/" ""
check "a killed process" grep -q ' killed ' out
check "its child" grep -q ' true .* exit 0 ' out
check "one heading" test "$(grep -c EXECUTABLE out)" = 1
one=$(find traces -name 'true.*')
run "$KIWI" ls "$one"
expect "a trace by its name" 0 "$one$" ""
check "it alone" test "$(wc -l <out)" = 2

run "$KIWI" ls nowhere
expect "no such place" 2 "" "^kiwi: cannot read 'nowhere': No such file or directory$"
echo "no trace" >other
run "$KIWI" ls other
expect "a foreign file" 2 "" "^kiwi: cannot read 'other': not a Kiwi trace"
head -c 100 "$one" >traces/cut.trace
run "$KIWI" ls traces
expect "a cut-off trace does not hide the others" 2 " exit 4 " "^kiwi: cannot read 'traces/cut.trace': "
rm traces/cut.trace
mkfifo traces/pipe
ln -s nowhere traces/dangling
run timeout 30 "$KIWI" ls traces
expect "pipes and dangling links are passed over" 0 " exit 4 " ""

# Traces whose name was lost or is taken.
cat >holder.sh <<'SCRIPT'
echo $$ >pid.tmp && mv pid.tmp pid
while :; do sleep 0.1; done
SCRIPT
"$KIWI" run --out="$PWD/lost.trace" --follow=root sh ./holder.sh >/dev/null 2>&1 &
process=$!
wait_until 30 test -e pid
for name in lost.trace*; do
    if [ -L "$name" ]; then
        stored=$(readlink "$name")
        rm "$name"
        kill -KILL $process
        wait $process 2>/dev/null
        run "$KIWI" ls .
        expect "a live trace without a name is listed" 0 "$stored" ""
        "$KIWI" ls --collect . >/dev/null
        check "and not moved" test -e "$stored"
        kill -KILL "$(cat pid)"
        wait_until 30 sh -c "! kill -0 $(cat pid)"
        run "$KIWI" ls --collect .
        expect "it is moved when its process has ended" 0 "moved $stored to $PWD/$name" ""
        check "to its name" test -f "$name" -a ! -e "$stored"
        break
    fi
done
kill -KILL $process "$(cat pid)" 2>/dev/null

# A process that is killed leaves its trace on tmpfs, and what it has copied so far if that was what it was at.
mkdir half
{ LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS=out=$PWD/half/h.trace:follow=root sh -c 'kill -KILL $$'; } >/dev/null 2>&1
: >half/h.trace.part
run "$KIWI" ls --collect half
check "it is put in place" test -f half/h.trace -a ! -L half/h.trace
check "and the beginning of it goes" test ! -e half/h.trace.part

# What is not Kiwi's is never moved, wherever a link leads.
echo "KIWITRC" >precious
ln -s "$PWD/precious" link.trace
"$KIWI" ls --collect . >/dev/null 2>&1
check "a link to another file is left alone" test -L link.trace -a -s precious
finish
