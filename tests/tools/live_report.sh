#!/bin/bash
# kiwi report on processes that hang, and still run or are stopped: what goes on is judged by how long it has by now.
. "$(dirname "$0")/lib.bash"

cat >hung.c <<'SOURCE'
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int answers[2];
static void *answer(void *unused)
{
    pthread_mutex_lock(&table_lock);
    if (write(answers[1], "x", 1) != 1)
        perror("write");
    pthread_mutex_unlock(&table_lock);
    return unused;
}
static void ask(void)
{
    pthread_t t;
    char c;
    pthread_mutex_lock(&table_lock);
    pthread_create(&t, 0, answer, 0);
    if (read(answers[0], &c, 1) != 1)
        perror("read");
}
static void ask_and_join(void)
{
    pthread_t t;
    pthread_mutex_lock(&table_lock);
    pthread_create(&t, 0, answer, 0);
    pthread_join(t, 0);
}
int main(int count, char **words)
{
    if (pipe(answers))
        return 1;
    if (count > 1 && strcmp(words[1], "join") == 0)
        ask_and_join();
    else
        ask();
    return 0;
}
SOURCE
gcc -g -O1 -pthread hung.c -o hung

in_place() { # TRACE
    "$KIWI" threads "$1" >dump && grep -q 'waits for table_lock' dump && grep -qE 'in +(read|pthread_join)' dump
}
hang() { # MODE: it is recorded, and sits where it stays
    LD_PRELOAD=$BUILD/libkiwi.so KIWI_OPTIONS="out=$PWD/$1.trace" ./hung "$1" &
    pid=$!
    wait_until 60 in_place "$1.trace"
    sleep 0.2
}
end() {
    kill -KILL "$pid"
    wait "$pid"
    check "it was killed" test $? = 137
}
serious() { grep -cE '^### \[(CRITICAL|HIGH|MEDIUM)\]' out; }

hang read
run "$KIWI" report read.trace
expect "a live process: a lock held across a read that goes on" 1 '^### \[HIGH\] table_lock in hung is held across read' ""
check "the others' loss is told" grep -q 'Other threads wanted the lock meanwhile and lost' out
check "and nothing else" test "$(serious)" = 1
kill -STOP "$pid"
wait_until 60 grep -q '^State:.*stopped' "/proc/$pid/status"
run "$KIWI" report read.trace
expect "a stopped process: no time counts" 0 'APPROVE' ""
end

hang join
run "$KIWI" report join.trace
expect "a live process: a deadlock" 1 '^### \[CRITICAL\] Deadlock: 2 threads wait for each other over table_lock in hung' ""
check "which is the only cause" test "$(serious)" = 1
end
run "$KIWI" report join.trace
expect "a killed process: a deadlock" 1 '^### \[CRITICAL\] Deadlock: 2 threads wait for each other over table_lock in hung' ""
check "still the only cause" test "$(serious)" = 1
finish
