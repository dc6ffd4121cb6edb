#!/bin/bash
# kiwi threads on many threads: what most of them wait for comes first, and those that do the same are shown once.
. "$(dirname "$0")/lib.bash"

cat >pool.c <<'SOURCE'
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER, table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static int idle;
static void *wait_for_work(void *unused)
{
    pthread_mutex_lock(&queue_lock);
    for (idle++;;)
        pthread_cond_wait(&work, &queue_lock);
    return unused;
}
static void *want_table(void *unused)
{
    pthread_mutex_lock(&table_lock);
    return unused;
}
int main(int argc, char **argv)
{
    pthread_t t;
    int ready = 0;
    for (int i = 0; i < atoi(argv[1]); i++)
        pthread_create(&t, 0, wait_for_work, 0);
    pthread_mutex_lock(&table_lock);
    for (int i = 0; i < atoi(argv[2]); i++)
        pthread_create(&t, 0, want_table, 0);
    while (ready < atoi(argv[1])) {
        pthread_mutex_lock(&queue_lock);
        ready = idle;
        pthread_mutex_unlock(&queue_lock);
        usleep(1000);
    }
    (void)argc;
    (void)!write(1, "ready\n", 6);
    for (;;)
        pause();
}
SOURCE
gcc -g -O1 -pthread pool.c -o pool

dump() { # IDLE WAITING [OPTION...]: of the process when all of its threads are where they stay
    rm -f ready # what the one before said
    "$KIWI" run --out=pool.trace ./pool "$1" "$2" >ready &
    local recorder=$! wanted=$2
    wait_until 30 grep -q ready ready
    [ "$wanted" = 0 ] || wait_until 30 sh -c "'$KIWI' threads pool.trace | grep -q '$wanted thread.* for table_lock'"
    run "$KIWI" threads "${@:3}" pool.trace
    kill -KILL "$(sed -nE 's/^pool \(pid ([0-9]+)\).*/\1/p' out)" || kill -TERM $recorder
    wait $recorder
    rm -f pool.trace
}
paragraphs() { grep -cE '^T[0-9]+ ' out; }

dump 20 6
expect "the lock that most wait for comes first" 0 "^  6 threads for table_lock in pool, held by T1 .*; the longest wait is " ""
check "before any thread" sh -c "sed -n '/^T[0-9]/q;p' out | grep -q table_lock"
check "a pool is one paragraph, its waiters another" test "$(paragraphs)" = 3
check "with how many do the same" grep -qE '19 more threads do the same: T3, T4, T5, T6, T7, T8, T9, T10, \.\.\. \(--all' out
check "few are all named" grep -qE '5 more threads do the same: T23, T24, T25, T26, T27 \(--all' out
dump 20 6 --all
expect "--all shows each" 0 "^T27 " ""
check "each has its paragraph" test "$(paragraphs)" = 27
check "none is said to be like others" sh -c '! grep -q "do the same" out'
dump 3 0
expect "three are not put together" 0 "^T4 " ""
check "nobody waits for a lock" sh -c '! grep -q "Waiting for locks" out'
finish
