#!/bin/bash
# kiwi threads: a deadlocked process, alive and after SIGKILL; JSON; mistakes.
. "$(dirname "$0")/lib.bash"

cat >knot.c <<'SOURCE'
#define _GNU_SOURCE
#include <pthread.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
static pthread_mutex_t red_lock = PTHREAD_MUTEX_INITIALIZER, blue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t both;
static void *take_red_then_blue(void *unused)
{
    pthread_setname_np(pthread_self(), "red");
    pthread_mutex_lock(&red_lock);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&blue_lock);
    return unused;
}
static void *take_blue_then_red(void *unused)
{
    pthread_setname_np(pthread_self(), "blue");
    pthread_mutex_lock(&blue_lock);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&red_lock);
    return unused;
}
static void *wait_for_work(void *unused)
{
    pthread_setname_np(pthread_self(), "idle");
    pthread_mutex_lock(&idle_lock);
    for (;;)
        pthread_cond_wait(&idle, &idle_lock);
    return unused;
}
static void *poll_for_ever(void *unused)
{
    pthread_setname_np(pthread_self(), "poller");
    poll(0, 0, -1);
    return unused;
}
static void *end_at_once(void *unused) { return unused; }
int main(void)
{
    pthread_t t[5];
    pthread_barrier_init(&both, 0, 2);
    pthread_create(&t[4], 0, end_at_once, 0);
    pthread_join(t[4], 0);
    pthread_create(&t[0], 0, take_red_then_blue, 0);
    pthread_create(&t[1], 0, take_blue_then_red, 0);
    pthread_create(&t[2], 0, wait_for_work, 0);
    pthread_create(&t[3], 0, poll_for_ever, 0);
    puts("knotted");
    fflush(stdout);
    pthread_join(t[0], 0);
    return 0;
}
SOURCE
gcc -g -O1 -pthread knot.c -o knot

"$KIWI" run --out=knot.trace ./knot >knot.out &
process=$!
# All are where they stay, and have been there for a moment.
in_place() {
    "$KIWI" threads knot.trace >out
    [ "$(grep -cE '^ +waits for' out)" = 2 ] && grep -q 'in *pthread_cond_wait' out && grep -q 'in *poll' out &&
        grep -q 'in *pthread_join' out && grep -q '"idle"' out && grep -q '"poller"' out
}
wait_until 60 grep -q knotted knot.out
wait_until 60 in_place
sleep 0.3

run "$KIWI" threads knot.trace
expect "a live process" 0 "^knot \(pid [0-9]+\): live" ""
shows() { # TITLE THREAD_NAME PATTERN...: the paragraph of that thread has all patterns
    local title=$1 name=$2 pattern problems=""
    awk -v RS= -v name="\"$name\"" 'index($0, name) && substr($0, 1, 1) == "T" && index(substr($0, 1, index($0 "\n", "\n")), name)' out >block
    shift 2
    for pattern in "$@"; do
        grep -qE -- "$pattern" block || problems+="no '$pattern' in: $(cat block)"$'\n'
    done
    [ -z "$problems" ]
    case_result $? "$title" "$problems"
}
dump_is_right() { # WHEN
    shows "$1: red waits for blue" red ': waiting' 'waits for +blue_lock in knot' 'held by +T[0-9]+ "blue"' 'take_red_then_blue knot.c:1[56]'
    shows "$1: red holds red" red 'holds +red_lock in knot' 'take_red_then_blue knot.c:1[34]'
    shows "$1: blue waits for red" blue 'waits for +red_lock in knot' 'held by +T[0-9]+ "red"' 'holds +blue_lock'
    shows "$1: a condition variable" idle ': calling' 'in +pthread_cond_wait on idle in knot' 'wait_for_work knot.c'
    shows "$1: poll" poller ': calling' 'in +poll' 'poll_for_ever knot.c'
    shows "$1: join" knot ': calling' 'in +pthread_join of T[0-9]+ "red"'
    check "$1: the idle thread does not hold its mutex" sh -c '! grep -q "holds .*idle_lock" out'
}
dump_is_right live
check "live: the deadlock comes first" sh -c "sed -n '/^T[0-9]/q;p' out | grep -q '^Deadlock: 2 threads wait for each other over '"
check "live: durations are exact" sh -c '! grep -q "at least" out'
check "ended threads are counted" grep -q '1 ended before' out

kill -KILL "$(sed -nE 's/^knot \(pid ([0-9]+)\).*/\1/p' out)"
wait $process
check "status of the killed process" test $? = 137
run "$KIWI" threads knot.trace
expect "a killed process" 0 "^knot \(pid [0-9]+\): killed" ""
dump_is_right killed
run "$KIWI" threads --ended knot.trace
expect "--ended" 0 ": exited" ""
run "$KIWI" threads --frames=1 knot.trace
expect "--frames" 0 "more frames \(--frames=0 shows all\)|^ +at " ""

if command -v jq >/dev/null; then
    run "$KIWI" threads --format=json --frames=0 knot.trace
    json() { check "JSON: $1" jq -e "$2" out; }
    json "schema" '.schema == "kiwi-threads/1"'
    json "process" '.process | .executable == "knot" and .state == "killed" and (.live | not)'
    json "waiting" '.threads[] | select(.name == "red") | .state == "waiting" and .lock.object.name == "blue_lock in knot"'
    # shellcheck disable=SC2016 # $b is jq's
    json "holder" '([.threads[] | select(.name == "blue")][0].serial) as $b | .threads[] | select(.name == "red") | .lock.holders[0].serial == $b'
    json "held" '.threads[] | select(.name == "red") | .holds[0].object.name == "red_lock in knot"'
    json "stacks" '.threads[] | select(.name == "red") | .stack | any(.function == "take_red_then_blue" and .line > 0)'
    json "join" '.threads[] | select(.call.name == "pthread_join") | .call.thread.tid > 0'
    json "poll" '.threads[] | select(.name == "poller") | .call.name == "poll" and .lock == null'
fi

run "$KIWI" threads
expect "no trace" 2 "" "^kiwi: no trace to show"
run "$KIWI" threads knot.trace knot.trace
expect "two traces" 2 "" "^kiwi: one trace at a time"
run "$KIWI" threads --frames=x knot.trace
expect "bad number" 2 "" "^kiwi: bad value --frames=x: want a number"
run "$KIWI" threads --format=xml knot.trace
expect "bad format" 2 "" "^kiwi: unknown format 'xml': want text or json"
run "$KIWI" threads knot.c
expect "a foreign file" 2 "" "^kiwi: cannot read 'knot.c': not a Kiwi trace"
finish
