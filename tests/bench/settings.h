/*
 * settings.h - what one benchmark run is asked to do.
 *
 *     struct settings settings;
 *     if (settings_parse(&settings, argc, argv) != 0)
 *         return 2;
 *
 * Every setting is `--name=value` with a whole number as its value; the table in SETTINGS is the single source of names
 * and defaults. A scenario uses the settings that concern it and ignores the others.
 */
#ifndef KIWI_BENCH_SETTINGS_H
#define KIWI_BENCH_SETTINGS_H

/* name on the command line, field, default, what it means */
#define SETTINGS(X)                                                                                                    \
    X("ms", ms, 200, "time to measure for, milliseconds")                                                              \
    X("batches", batches, 0, "stop after this many batches, 0 = go by time")                                           \
    X("ops", ops, 2000, "operations in a batch")                                                                       \
    X("depth", depth, 4, "frames of the program at the call, main included (4 to 12)")                                 \
    X("sites", sites, 1, "distinct call sites and paths (1 to 64)")                                                    \
    X("locks", locks, 1, "distinct locks")                                                                             \
    X("repeat", repeat, 0, "pairs that a site makes before the next path is taken, 0 = the whole batch")               \
    X("shared", shared, 0, "1: all paths go through one common locking function")                                      \
    X("alone", alone, 0, "1: no second thread")                                                                        \
    X("contenders", contenders, 2, "threads that compete (2 to 64)")                                                   \
    X("section-ns", section_ns, 200, "length of a contended critical section, nanoseconds")                            \
    X("gap-ns", gap_ns, 0, "time between two contended critical sections, nanoseconds")                                \
    X("cpu", cpu, -1, "processor of the measuring thread, -1 = any")                                                   \
    X("peer-cpu", peer_cpu, -1, "processor of the other thread, -1 = any")                                             \
    X("threads", threads, 1000, "threads, descriptors or MiB that a scenario keeps")                                   \
    X("scope", scope, 0, "1: each batch of heap calls in a scope of kiwi.h")                                           \
    X("busy", busy, 0, "1: the other thread uses the heap as well")                                                    \
    X("nonblocking", nonblocking, 0, "1: descriptors that do not block")                                               \
    X("show-depth", show_depth, 0, "1: print the frames found at the call instead of measuring")

struct settings {
#define X(name, field, value, text) long field;
    SETTINGS(X)
#undef X
};

/* Fills `settings` from the defaults and argv[2..). Says on standard error what is wrong and returns -1, else 0. */
int settings_parse(struct settings *settings, int argc, char **argv);

/* Prints the table of names, defaults and meanings on standard output. */
void settings_help(void);

#endif
