#!/bin/bash
# kiwi show: the table of locks as text and JSON, its order, a live process; mistakes.
. "$(dirname "$0")/lib.bash"

cat >queue.c <<'SOURCE'
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER, quiet_lock = PTHREAD_MUTEX_INITIALIZER;
static int stop;
static void *work(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&queue_lock);
        usleep(2000);
        pthread_mutex_unlock(&queue_lock);
    }
    return unused;
}
int main(int argc, char **argv)
{
    pthread_t t[2];
    (void)argv;
    for (int i = 0; i < 250; i++) {
        pthread_mutex_lock(&quiet_lock);
        pthread_mutex_unlock(&quiet_lock);
    }
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, NULL);
    if (argc > 1) {
        printf("ready %d\n", (int)getpid());
        fflush(stdout);
        pause();
    }
    usleep(400000);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
SOURCE
gcc -g -pthread queue.c -o queue || exit 1
json() { check "$1" jq -e "$2" out; }
"$KIWI" run --out=queue.trace ./queue
run "$KIWI" show locks queue.trace
expect "the table" 0 "queue_lock in queue \(mutex\)" ""
check "has a heading" grep -q 'ACQUIRED CONTENDED' out
check "the lock that was waited for comes first" test "$(grep -c quiet_lock <(sed '/queue_lock/,$d' out))" = 0
check "names who waited, where" grep -qE 'waited for .* at work queue.c:[0-9]+ by T[23] ' out
check "names who took it" grep -qE 'taken about [0-9]+ times by T[23] ' out
run "$KIWI" show locks --sort=acquired queue.trace
check "sorted by acquisitions" grep -qE '^ +250 ' <(grep -m1 '_lock in' out)
run "$KIWI" show locks --top=1 queue.trace
expect "the first row alone" 0 "1 more locks: --top=0" ""
check "and no other" test "$(grep -c '_lock in' out)" = 1
run "$KIWI" show locks --format=json queue.trace
expect "as JSON" 0 "*" ""
json "schema" '.schema == "kiwi-locks/1"'
json "process" '.processes | length == 1 and .[0].executable == "queue" and .[0].locks_in_all == 2'
json "order" '.processes[0].locks | map(.name) == ["queue_lock in queue", "quiet_lock in queue"]'
json "waits" '.processes[0].locks[0].wait | .count > 0 and .total_ns > 1000000 and .max_ns <= .total_ns'
json "holds" '.processes[0].locks[0].hold | .timed > 0 and .max_ns >= 2000000'
json "no percentile without samples" '.processes[0].locks[0].wait.p99_ns == null'
json "an uncontended lock" '.processes[0].locks[1] | .acquired == 250 and .wait.count == 0 and .waiters == []'
json "waiters" '.processes[0].locks[0].waiters | length >= 1 and (.[0].site | startswith("work queue.c:"))'
json "users do not add up to more than all" '[.processes[0].locks[] | ([.users[].acquired] | add // 0) <= .acquired] | all'
run "$KIWI" show locks -o table.txt queue.trace queue.trace
expect "into a file" 0 "" ""
check "both traces" test "$(grep -c '^Process' table.txt)" = 2

"$KIWI" run --out=live.trace ./queue wait >said 2>&1 &
process=$!
wait_until 10 grep -q ready said
wait_until 10 sh -c "'$KIWI' show locks live.trace | grep -q 'queue_lock in queue'"
check "a live process" grep -q 'queue_lock in queue' <("$KIWI" show locks live.trace)
kill -KILL "$(sed -n 's/^ready //p' said)"
wait $process 2>/dev/null

run "$KIWI" show
expect "no table" 2 "" "^kiwi: no table named"
run "$KIWI" show lock queue.trace
expect "an unknown table" 2 "" "unknown table 'lock', did you mean 'locks'?"
run "$KIWI" show locks
expect "no trace" 2 "" "no trace to show"
run "$KIWI" show locks --sort=colour queue.trace
expect "an unknown order" 2 "" "cannot sort locks by 'colour'"
run "$KIWI" show locks --format=xml queue.trace
expect "an unknown format" 2 "" "unknown format 'xml': want text or json"
run "$KIWI" show locks nowhere.trace
expect "no such trace" 2 "" "nowhere.trace"
finish
