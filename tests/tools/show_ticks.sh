#!/bin/bash
# kiwi show ticks: percentiles against the program's own measurement, the longest ticks, order, JSON.
. "$(dirname "$0")/lib.bash"

# Serves two pipes. Prints the percentiles of its own ticks in nanoseconds, measured right inside the recorded ones.
cat >loop.c <<'SOURCE'
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#define TURNS 12000
static int in[2][2];
static long took[TURNS];
static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}
static int compare(const void *a, const void *b)
{
    return (*(const long *)a > *(const long *)b) - (*(const long *)a < *(const long *)b);
}
static void spin(long ns)
{
    for (long end = now() + ns; now() < end;)
        ;
}
int main(void)
{
    struct pollfd fds[2];
    char byte = 0;
    for (int i = 0; i < 2; i++) {
        if (pipe(in[i]))
            return 1;
        fds[i] = (struct pollfd){in[i][0], POLLIN, 0};
    }
    if (write(in[0][1], &byte, 1) != 1)
        return 1;
    for (int i = 0; i < TURNS; i++) {
        if (poll(fds, 2, -1) != 1)
            return 1;
        long begin = now();
        if (read(in[i % 2][0], &byte, 1) != 1)
            return 1;
        spin(5000 + i % 100 * 1000);
        if (i == 6000)
            usleep(400000);
        if (write(in[(i + 1) % 2][1], &byte, 1) != 1)
            return 1;
        took[i] = now() - begin;
    }
    /* The first ones are what makes it a loop, and are not counted. */
    qsort(took + 4, TURNS - 4, sizeof *took, compare);
    for (int i = 0; i < 2; i++) /* half a percent below and above the 50th and 95th percentile */
        printf("%ld %ld ", took[TURNS / 1000 * (495 + 450 * i)], took[TURNS / 1000 * (505 + 450 * i)]);
    printf("%ld\n", took[TURNS - 1]);
    return 0;
}
SOURCE
gcc -g loop.c -o loop || exit 1
json() { check "$1" jq -e "$2" out; }
"$KIWI" run --out=loop.trace ./loop >own
read -r p50 p50_above p95 p95_above max <own
run "$KIWI" show ticks loop.trace
expect "the table" 0 "the poll loop at main loop.c:[0-9]+, T1 " ""
check "has a heading" grep -q 'P50 .*P95 .*P99 .*MAX' out
check "and what the longest tick waited for" grep -qE 'waited for [0-9.]+ m?s: usleep at main loop.c:[0-9]+' out
run "$KIWI" show ticks --format=json loop.trace
expect "as JSON" 0 "*" ""
json "schema" '.schema == "kiwi-ticks/1"'
json "one loop" '.processes | length == 1 and .[0].loops_in_all == 1'
json "its ticks" '.processes[0].loops[0] | .call == "poll" and .ticks > 11980 and .ticks < 12000 and .serves == "two"'
# Within 5 %, a few hundred nanoseconds for the program's own calls around its clock, and half a percent of all ticks: on
# a busy machine the distribution is steep there.
near() { json "$1" ".processes[0].loops[0].duration.$2 | . >= $3 * 0.95 and . <= $4 * 1.05 + 4000"; }
near "median as measured by the program" p50_ns "$p50" "$p50_above"
near "95th percentile" p95_ns "$p95" "$p95_above"
json "99th percentile, which other work may move far" ".processes[0].loops[0].duration.p99_ns >= $p95 * 0.95"
json "the longest" ".processes[0].loops[0].duration.max_ns >= $max * 0.95"
json "the longest ticks" '.processes[0].loops[0].longest | length == 16'
json "of which one waited" 'any(.processes[0].loops[0].longest[]; .blocked_ns >= 399000000)'
json "the budget it is judged by" '.processes[0].loops[0] | .budget_ns == 50000000 and .over_budget.count >= 1'
"$KIWI" run --tick-budget=20us --out=tight.trace ./loop >own
run "$KIWI" show ticks --format=json tight.trace
json "another budget" '.processes[0].loops[0] | .budget_ns == 20000 and .over_budget.count > 9000'
run "$KIWI" show ticks --sort=name loop.trace
expect "no such order" 2 "" "cannot sort ticks by .name."
finish
