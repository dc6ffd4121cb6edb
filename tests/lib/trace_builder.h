/*
 * trace_builder.h - makes traces by hand, for tests of the analyzer: no threads, no recorder, exactly the rows wanted.
 *
 *     struct trace_builder *b = builder_open();
 *     uint32_t t1 = builder_thread(b, "one"), t2 = builder_thread(b, "two");
 *     uint32_t a = builder_mutex(b, 0x1000), c = builder_mutex(b, 0x2000);
 *     uint32_t ta = builder_acquire(b, t1, 0, a, builder_stack(b, 2, 0x401000UL, 0x401100UL));
 *     uint32_t tac = builder_acquire(b, t1, ta, c, builder_stack(b, 1, 0x401010UL));     // T1 takes c holding a
 *     builder_hold(b, t1, ta);
 *     builder_wait(b, t1, tac, 5000);                                                    // and waits for it
 *     struct trace *t = builder_trace(b);                                                // or builder_bytes()
 *     trace_close(t);
 *     builder_close(b);
 *
 * Every function that adds a row returns its index; builder_NOUN_row() gives the row itself for further fields, and the
 * pointer stays good until builder_close. The clock is MONOTONIC_NS and starts at BUILDER_START, so one tick is 1 ns.
 * Tables hold up to BUILDER_ROWS rows; a test that overflows one is stopped with a message.
 */
#ifndef KIWI_TRACE_BUILDER_H
#define KIWI_TRACE_BUILDER_H

#include "../../analysis/reader.h"

#define BUILDER_START 1000000000ull /* start_ticks, and CLOCK_MONOTONIC of the start */
#define BUILDER_REALTIME 1700000000000000000ull
#define BUILDER_ROWS 32768

struct trace_builder;

struct trace_builder *builder_open(void);
void builder_close(struct trace_builder *b);

/* The file as it would lie on disk; belongs to the builder, good until the next builder call. */
const void *builder_bytes(struct trace_builder *b, size_t *size);
/* The same, opened by the reader; fails the test when the reader refuses it. The trace outlives the builder. */
struct trace *builder_trace(struct trace_builder *b);
void builder_write(struct trace_builder *b, const char *path);

struct kiwi_header *builder_header(struct trace_builder *b); /* table descriptors are filled in by builder_bytes */
/* Adds a published (state LIVE) row to any table and gives its index. */
void *builder_row(struct trace_builder *b, enum kiwi_table_id table, uint32_t *index);
void *builder_at(struct trace_builder *b, enum kiwi_table_id table, uint32_t index);

uint32_t builder_string(struct trace_builder *b, const char *text);
uint32_t builder_module(struct trace_builder *b, const char *path, uint64_t base, uint64_t size);
uint32_t builder_stack(struct trace_builder *b, uint32_t depth,
                       ...); /* depth uint64_t return addresses, innermost first */
uint32_t builder_stack_of(struct trace_builder *b, uint32_t depth, const uint64_t *frames);

/* A live thread with its class and slot. serial = row, tid = 1000 + row; the first one is the main thread. */
uint32_t builder_thread(struct trace_builder *b, const char *name);
/* Ends it: state ENDED, end_ticks, slot given back. */
void builder_end_thread(struct trace_builder *b, uint32_t thread, uint64_t end_ticks);
/* A segment of a thread; previous and other are segments or 0. Becomes the thread's last_segment. */
uint32_t builder_segment(struct trace_builder *b, uint32_t thread, uint32_t previous, uint32_t other);

uint32_t builder_object(struct trace_builder *b, enum kiwi_object_kind kind, uint64_t address);
uint32_t builder_mutex(struct trace_builder *b, uint64_t address); /* normal mutex */

/* An acquisition behaviour with count 1 (write mode, plain lock): thread took object holding chain parent. */
uint32_t builder_acquire(struct trace_builder *b, uint32_t thread, uint32_t parent, uint32_t object, uint32_t stack);
/* Another thread showed the same behaviour: becomes the second witness, count + 1. */
void builder_acquire_too(struct trace_builder *b, uint32_t acquisition, uint32_t thread);
/* The segments of a witness (0 or 1) of an acquisition. */
void builder_witness_segments(struct trace_builder *b, uint32_t acquisition, unsigned witness, uint32_t first,
                              uint32_t last);

/* Thread state at the moment of the trace. */
void builder_hold(struct trace_builder *b, uint32_t thread, uint32_t acquisition); /* pushes onto the held array */
void builder_wait(struct trace_builder *b, uint32_t thread, uint32_t acquisition, uint64_t since); /* WANT_WAITING */
/* WANT_TAKING or WANT_RELEASING: the entry just past the held locks. */
void builder_want(struct trace_builder *b, uint32_t thread, uint32_t acquisition, enum kiwi_want want);
void builder_call_now(struct trace_builder *b, uint32_t thread, uint32_t call,
                      uint64_t since); /* inside a blocking call */

/* A blocking-call behaviour: kind at stack holding chain held; count 1, waited for `ticks`. */
uint32_t builder_call(struct trace_builder *b, uint32_t thread, enum kiwi_call_kind kind, uint32_t held, uint32_t stack,
                      uint64_t ticks);
uint32_t builder_misuse(struct trace_builder *b, uint32_t thread, enum kiwi_misuse_kind kind, uint32_t object,
                        uint32_t stack);

static inline struct kiwi_thread *builder_thread_row(struct trace_builder *b, uint32_t i)
{
    return builder_at(b, KIWI_TABLE_THREADS, i);
}
static inline struct kiwi_object *builder_object_row(struct trace_builder *b, uint32_t i)
{
    return builder_at(b, KIWI_TABLE_OBJECTS, i);
}
static inline struct kiwi_acquisition *builder_acquisition_row(struct trace_builder *b, uint32_t i)
{
    return builder_at(b, KIWI_TABLE_ACQUISITIONS, i);
}
static inline struct kiwi_call *builder_call_row(struct trace_builder *b, uint32_t i)
{
    return builder_at(b, KIWI_TABLE_CALLS, i);
}
static inline struct kiwi_misuse *builder_misuse_row(struct trace_builder *b, uint32_t i)
{
    return builder_at(b, KIWI_TABLE_MISUSES, i);
}
/* The slot of a thread, NULL once ended. */
struct kiwi_slot *builder_slot_row(struct trace_builder *b, uint32_t thread);
#endif
