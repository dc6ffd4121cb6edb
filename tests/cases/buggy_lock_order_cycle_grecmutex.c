// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle insert|refresh
// uses: glib-2.0
// about: GLib makes the lock behind a static GRecMutex at its first use, by a thread that is alone with it only then
#include <glib.h>

static GRecMutex tree_lock;
static GRWLock cache_lock;
static int inserted, cached;

static __attribute__((noinline)) void insert(void)
{
    g_rec_mutex_lock(&tree_lock);
    g_rw_lock_writer_lock(&cache_lock);
    inserted++;
    g_rw_lock_writer_unlock(&cache_lock);
    g_rec_mutex_unlock(&tree_lock);
}

static __attribute__((noinline)) void refresh(void)
{
    g_rw_lock_writer_lock(&cache_lock);
    g_rec_mutex_lock(&tree_lock);
    cached = inserted;
    g_rec_mutex_unlock(&tree_lock);
    g_rw_lock_writer_unlock(&cache_lock);
}

static gpointer change(gpointer done)
{
    insert();
    g_atomic_int_set((gint *)done, 1);
    return NULL;
}

static gpointer look(gpointer done)
{
    while (!g_atomic_int_get((gint *)done))
        g_thread_yield();
    refresh();
    return NULL;
}

int main(void)
{
    gint done = 0;
    GThread *changer = g_thread_new("changer", change, &done), *looker = g_thread_new("looker", look, &done);

    g_thread_join(changer);
    g_thread_join(looker);
    return cached != 1;
}
