#include "thread_class.h"

#include "../base/clock.h"

#define LIVES_LEAST 9u /* exponent below the first bucket of struct kiwi_thread_class.lives */

struct class_key {
    uintptr_t start_function;
    uint32_t create_stack;
};

static bool class_same(uint32_t row, const void *key)
{
    const struct class_key *k = key;
    const struct kiwi_thread_class *c = region_thread_class(row);
    return c->start_function == k->start_function && c->create_stack == k->create_stack;
}

static uint32_t class_make(const void *key)
{
    const struct class_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_CLASSES, 1);
    if (row) {
        region_thread_class(row)->start_function = k->start_function;
        region_thread_class(row)->create_stack = k->create_stack;
        region_thread_class(row)->first_ticks = clock_ticks();
    }
    return row;
}

static void class_publish(uint32_t row)
{
    region_publish(&region_thread_class(row)->state, KIWI_ROW_LIVE);
}

uint32_t thread_class_get(uintptr_t start_function, uint32_t create_stack)
{
    static const struct index_ops ops = {class_same, class_make, class_publish};
    struct class_key key = {start_function, create_stack};
    return index_get(&memory.classes, hash_mix(start_function + create_stack), &ops, &key);
}

/* Counts by plain stores: what two threads that begin at the same moment lose is not worth an atomic instruction. */
static void window_count(struct kiwi_thread_class *c, uint64_t now)
{
    uint64_t window = now / (clock_state.ticks_per_second / KIWI_CLASS_WINDOWS_PER_SECOND);
    if (c->window != window) {
        c->window = window;
        c->window_started = 0;
    }
    uint32_t n = ++c->window_started;
    if (n == KIWI_CLASS_BUSY) {
        c->busy_windows++;
        c->busy_started += n;
    } else if (n > KIWI_CLASS_BUSY) {
        c->busy_started++;
    }
}

void thread_class_began(uint32_t row, uint64_t now)
{
    struct kiwi_thread_class *c = region_thread_class(row);
    if (!row)
        return;
    RELAXED_ADD(&c->started, 1);
    RELAXED_STORE(&c->last_ticks, now);
    window_count(c, now);
}

static uint32_t life_bucket(uint64_t ticks)
{
    uint32_t exponent = ticks ? 63u - (uint32_t)__builtin_clzll(ticks) : 0;
    if (exponent < LIVES_LEAST)
        return 0;
    return exponent - LIVES_LEAST < KIWI_CLASS_LIVES ? exponent - LIVES_LEAST : KIWI_CLASS_LIVES - 1;
}

void thread_class_ended(uint32_t row, uint64_t lived_ticks)
{
    if (!row)
        return;
    RELAXED_ADD(&region_thread_class(row)->ended, 1);
    RELAXED_ADD(&region_thread_class(row)->lives[life_bucket(lived_ticks)], 1);
}

void thread_class_settled(uint32_t row)
{
    if (row)
        RELAXED_ADD(&region_thread_class(row)->settled, 1);
}

void thread_class_forgotten(uint32_t row)
{
    if (row)
        RELAXED_ADD(&region_thread_class(row)->forgotten, 1);
}
