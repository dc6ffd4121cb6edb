/*
 * measure.h - times batches of operations and prints what came out.
 *
 *     struct measure *measure = measure_open(ms, batches);
 *     while (measure_more(measure)) {
 *         measure_start(measure);
 *         ... ops operations ...
 *         measure_stop(measure, ops);
 *     }
 *     measure_print(measure);
 *     measure_close(measure);
 *
 * The first batches warm up and are forgotten. Wall time is the median over batches, which are meant to be short (well
 * under a scheduler slice), so that a batch that was interrupted does not count: it shows the usual operation. CPU time
 * is that of the whole process and its ended children over the whole measurement divided by all operations: it shows
 * rare bursts and work done by other threads. Both are nanoseconds per operation.
 *
 * Not thread-safe: one thread drives a measurement. The loop is not a callback so that it adds no frame to the stack.
 */
#ifndef KIWI_BENCH_MEASURE_H
#define KIWI_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct measure;

/* `ms` is the time to measure for; `batches` != 0 stops after that many instead. NULL if there is no memory. */
struct measure *measure_open(long ms, long batches);
void measure_close(struct measure *measure);

/* For a scenario that is one long batch: what comes is measured at once, without batches to warm up. */
void measure_skip_warming(struct measure *measure);

/* Whether another batch is wanted. */
bool measure_more(struct measure *measure);

void measure_start(struct measure *measure);
void measure_stop(struct measure *measure, uint64_t ops);

/* Prints `wall_ns=… p90_ns=… mean_ns=… cpu_ns=… ops=… batches=…`. Returns -1 if nothing was measured or it can't be
 * printed. */
int measure_print(struct measure *measure);

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t measure_now_ns(void);

/* Binds the calling thread to a processor; -1 leaves it as it is. Returns -1 after a message if that can't be done. */
int measure_bind(long cpu);

#endif
