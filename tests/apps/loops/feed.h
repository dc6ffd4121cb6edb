/*
 * feed.h - what the event loops of this directory do: they serve TICKS bytes that a thread feeds them one by one, and
 * measure by themselves how long they take for each.
 *
 *     feed_start();
 *     ... a loop that calls feed_serve() whenever feed_in is readable, and ends when that returns false
 *     feed_end();         // prints `p50 FROM TO p95 FROM TO`, in nanoseconds
 *
 * The next byte comes when the one before has been answered, so each tick of the loop serves one. Serving takes between
 * 150 and 450 microseconds: long beside what the loop's own code takes, which is not in this measurement (feed_took).
 */
#ifndef KIWI_TEST_FEED_H
#define KIWI_TEST_FEED_H

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TICKS 2400 /* the percentile 95 is told from 2,000 on */

static int feed_in, feed_answer; /* the loop's ends */
static int feeder_out, feeder_answer;
static uint64_t feed_times[8 * TICKS];
static int feed_time_count, feed_count;
static pthread_t feeder;

static uint64_t feed_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *feed_run(void *unused)
{
    char byte = 'x';
    for (int i = 0; i < TICKS; i++)
        if (write(feeder_out, &byte, 1) != 1 || read(feeder_answer, &byte, 1) != 1)
            exit(9);
    return unused;
}

static void feed_start(void)
{
    int bytes[2], answers[2];
    if (pipe(bytes) || pipe(answers))
        exit(9);
    feed_in = bytes[0];
    feeder_out = bytes[1];
    feeder_answer = answers[0];
    feed_answer = answers[1];
    fcntl(feed_in, F_SETFL, O_NONBLOCK);
    if (pthread_create(&feeder, NULL, feed_run, NULL))
        exit(9);
}

static void feed_took(uint64_t ns)
{
    if (feed_time_count < 8 * TICKS)
        feed_times[feed_time_count++] = ns;
}

/* For a loop that measures its ticks itself. */
static bool feed_answer_one(void)
{
    uint64_t begin = feed_now(), end = begin + 150000 + (uint64_t)(feed_count * 37 % 101) * 3000;
    char byte;
    if (read(feed_in, &byte, 1) != 1)
        return true;
    while (feed_now() < end)
        ;
    if (write(feed_answer, &byte, 1) != 1)
        exit(9);
    return ++feed_count < TICKS;
}

__attribute__((unused)) static bool feed_serve(void)
{
    uint64_t begin = feed_now();
    bool more = feed_answer_one();
    feed_took(feed_now() - begin);
    return more;
}

static int feed_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* From half a percent below to half a percent above: on a busy machine a few ticks more or less make leaps. */
static void print_percentile(const char *name, int thousandth)
{
    printf("%s %llu %llu ", name, (unsigned long long)feed_times[feed_time_count * (thousandth - 5) / 1000],
           (unsigned long long)feed_times[feed_time_count * (thousandth + 5) / 1000]);
}

static void feed_end(void)
{
    pthread_join(feeder, NULL);
    qsort(feed_times, (size_t)feed_time_count, sizeof feed_times[0], feed_compare);
    print_percentile("p50", 500);
    print_percentile("p95", 950);
    printf("\n");
}
#endif
