/*
 * glib.h - GLib's GMutex and GCond, seen from outside.
 *
 * Both are futexes of GLib's own. Programs contain them by value and take zeroes for a new one, so their words may be
 * read: a mutex is 0 free, 1 taken, 2 taken with waiters, in the first half of what GLib declares as a pointer.
 * Elsewhere than on Linux that is a pointer indeed; then no lock ever looks taken here, and what is known is what the
 * held arrays say.
 */
#ifndef KIWI_WRAP_GLIB_H
#define KIWI_WRAP_GLIB_H

#include "../base/real.h"

#include <stdbool.h>
#include <stdint.h>

struct gmutex {
    uint32_t word, rest;
};

GMutex *g_mutex_new(void);
void g_mutex_free(GMutex *m);
void g_mutex_init(GMutex *m);
void g_mutex_clear(GMutex *m);
void g_mutex_lock(GMutex *m);
int g_mutex_trylock(GMutex *m);
void g_mutex_unlock(GMutex *m);
GCond *g_cond_new(void);
void g_cond_free(GCond *c);
void g_cond_init(GCond *c);
void g_cond_clear(GCond *c);
void g_cond_wait(GCond *c, GMutex *m);
int g_cond_wait_until(GCond *c, GMutex *m, int64_t until_us);
int g_cond_timed_wait(GCond *c, GMutex *m, void *until);
void g_cond_signal(GCond *c);
void g_cond_broadcast(GCond *c);

static inline bool gmutex_looks_held(uintptr_t address)
{
    return RELAXED_LOAD(&((const GMutex *)address)->word) - 1u < 2;
}

static inline bool gmutex_shows_waiters(uintptr_t address)
{
    return RELAXED_LOAD(&((const GMutex *)address)->word) == 2;
}
#endif
