// expect: none
// uses:   glib-2.0
// about:  GLib's locks in both orders, but under a gate, by trylock with back-off, by threads that follow each other, or by
// about:  readers
#include "case.h"

#include <glib.h>

static GMutex gate, left, right;
static GMutex polite_a, polite_b;
static GMutex before, after;
static GRWLock north, south;
static GRecMutex again;
static int swaps;

static gpointer gated(gpointer data)
{
    GMutex *first = data ? &right : &left, *second = data ? &left : &right;
    for (int i = 0; i < 200; i++) {
        g_mutex_lock(&gate);
        g_mutex_lock(first);
        g_mutex_lock(second);
        swaps++;
        g_mutex_unlock(second);
        g_mutex_unlock(first);
        g_mutex_unlock(&gate);
    }
    return NULL;
}

static gpointer polite(gpointer data)
{
    GMutex *first = data ? &polite_b : &polite_a, *second = data ? &polite_a : &polite_b;
    for (int i = 0; i < 200; i++) {
        for (;;) {
            g_mutex_lock(first);
            if (g_mutex_trylock(second))
                break;
            g_mutex_unlock(first);
            g_usleep(10 + (guint)i % 7);
        }
        g_mutex_unlock(second);
        g_mutex_unlock(first);
    }
    return NULL;
}

static gpointer readers(gpointer data)
{
    GRWLock *first = data ? &south : &north, *second = data ? &north : &south;
    for (int i = 0; i < 200; i++) {
        g_rw_lock_reader_lock(first);
        g_rw_lock_reader_lock(second);
        g_rw_lock_reader_unlock(second);
        g_rw_lock_reader_unlock(first);
        g_rec_mutex_lock(&again);
        g_rec_mutex_lock(&again);
        g_rec_mutex_unlock(&again);
        g_rec_mutex_unlock(&again);
    }
    return NULL;
}

static gpointer in_turn(gpointer data)
{
    GMutex *first = data ? &after : &before, *second = data ? &before : &after;
    g_mutex_lock(first);
    g_mutex_lock(second);
    g_mutex_unlock(second);
    g_mutex_unlock(first);
    return NULL;
}

static void both(GThreadFunc function)
{
    GThread *one = g_thread_new("one", function, NULL), *other = g_thread_new("other", function, &swaps);
    g_thread_join(one);
    g_thread_join(other);
}

int main(void)
{
    both(gated);
    both(polite);
    both(readers);
    g_thread_join(g_thread_new("first", in_turn, NULL));
    g_thread_join(g_thread_new("then", in_turn, &swaps));
    require(swaps == 400, "all swaps were made");
    return 0;
}
