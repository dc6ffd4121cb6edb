/*
 * recorder.h - the recorder without a preload: an empty trace in memory and threads that exist in it alone.
 *
 *     static int setup(void **state) { return recorder_open(); }
 *     struct thread *a = thread_made("a");     // in tests every thread is played by the one that runs them
 */
#ifndef KIWI_TEST_RECORDER_H
#define KIWI_TEST_RECORDER_H

#include "../../interpose/base/clock.h"
#include "../../interpose/record/acquisition.h"
#include "../../interpose/record/call.h"
#include "../../interpose/record/misuse.h"
#include "../../interpose/record/module.h"
#include "../../interpose/record/recent_block.h"
#include "../../interpose/record/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline int recorder_open_sized(size_t size)
{
    clock_init();
    if (!region_open_memory(size) || !recorder_memory_open())
        return -1;
    region.header->ticks_per_second = clock_state.ticks_per_second;
    region.header->module_epoch = stack_module_epoch = 1;
    module_reset();
    return 0;
}

static inline int recorder_open(void **state)
{
    (void)state;
    return recorder_open_sized(8u << 20);
}

static inline int recorder_close(void **state)
{
    (void)state;
    recorder_memory_close();
    region_close_memory();
    return 0;
}

/* The thread gets a heap block. */
static inline void block_made(struct thread *t, void *address, size_t size, void *caller)
{
    t->heap_calls++;
    recent_block_note(t, address, size, caller, stack_depth_now());
}

/* A thread of its own class, with a stack that nothing lies on. */
static inline struct thread *thread_made(const char *name)
{
    static uintptr_t next = 0x7000;
    struct thread_birth birth = {.start_function = next, .tid = (int32_t)next, .pthread_id = next << 12, .name = name};
    next++;
    struct thread *t = thread_attach(&birth);
    assert_non_null(t);
    return t;
}

static inline uint32_t stack_made(uint64_t place)
{
    uint64_t frames[] = {place, place + 1, 0x1000};
    uint32_t row = stack_intern(frames, 3, 0);
    assert_int_not_equal(row, 0);
    return row;
}

/* What the mutex wrapper does, without the mutex. Returns the line that was used. */
static inline struct kiwi_cache_entry *lock_taken_at(struct thread *t, uintptr_t lock, uint32_t stack)
{
    uint32_t word = stack | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK);
    struct kiwi_cache_entry *line = acquisition_line(t, lock, word);
    if (!acquisition_taking(t, lock, word, line->row))
        return line;
    line->count++;
    if (line->row && t->chained == t->slot->held_count) {
        t->chained++;
        t->chain = line->row;
    }
    acquisition_taken(t);
    return line;
}

static inline void lock_let_go(struct thread *t, uintptr_t lock)
{
    int at = acquisition_held(t, lock);
    assert_true(at >= 0);
    acquisition_released(t, at);
    acquisition_want(t, KIWI_WANT_NONE);
}
#endif
