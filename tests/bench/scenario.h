/*
 * scenario.h - the registry of benchmark scenarios: `bench NAME [--setting=value ...]`.
 *
 * A scenario is one row here and one function that measures, prints one result line on standard output and returns the
 * exit status: 0, or 1 after a message on standard error.
 */
#ifndef KIWI_BENCH_SCENARIO_H
#define KIWI_BENCH_SCENARIO_H

#include "settings.h"

#define SCENARIOS(X)                                                                                                   \
    X("pair", scenario_pair, "uncontended lock and unlock, per pair")                                                  \
    X("nested", scenario_nested, "two nested pairs, per outer pair")                                                   \
    X("read-pair", scenario_read_pair, "the same with a rwlock, for reading")                                          \
    X("write-pair", scenario_write_pair, "the same with a rwlock, for writing")                                        \
    X("spin-pair", scenario_spin_pair, "the same with a spinlock")                                                     \
    X("semaphore-pair", scenario_semaphore_pair, "sem_wait and sem_post of a semaphore that is free, per pair")        \
    X("std-pair", scenario_std_pair, "std::mutex through std::lock_guard, per pair")                                   \
    X("contended", scenario_contended, "threads that compete for one lock, per critical section")                      \
    X("queue", scenario_queue, "producer and consumer over mutex and condition variables, per item")                   \
    X("pingpong", scenario_pingpong, "two threads that take turns over a condition variable, per round trip")          \
    X("pipe", scenario_pipe, "write and read of a byte through a pipe, per pair")                                      \
    X("tick", scenario_tick, "epoll_wait and read of a byte from a pipe, per tick")                                    \
    X("poll", scenario_poll, "write, epoll_wait and read of a byte through a pipe, per round")                         \
    X("heap-tight", scenario_heap_tight, "malloc and free of one block, per pair")                                     \
    X("heap-live", scenario_heap_live, "the same over 1,000 live blocks of 16 to 512 bytes, per pair")                 \
    X("heap-held", scenario_heap_held, "keep MiB of blocks of 16 to 512 bytes until standard input ends")              \
    X("spawn", scenario_spawn, "run /bin/true with $BENCH_PRELOAD as its LD_PRELOAD, per run")                         \
    X("system", scenario_system, "system(\":\"), per call")                                                            \
    X("park", scenario_park, "keep threads that took a lock until standard input ends")                                \
    X("descriptors", scenario_descriptors, "keep that many descriptors open until standard input ends")

typedef int scenario_function(const struct settings *settings);

#define X(name, function, text) scenario_function function;
SCENARIOS(X)
#undef X

/* Starts a thread that sleeps for ever, unless settings say `alone`: glibc locks without atomics in a process that
 * never had a second thread. Returns -1 after a message. */
int companion_start(const struct settings *settings);

#endif
