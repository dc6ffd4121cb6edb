// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle settings_get
// where: lock-order-cycle listener_add
// uses: glib-2.0
// about: GLib: a reader of a GRWLock takes a GRecMutex, and who has that one writes
#include "case.h"
#include <glib.h>

static GRWLock settings_lock;
static GRecMutex listeners_lock;
static int settings[4], listeners;

static FRAME int settings_get(int i)
{
    g_autoptr(GRWLockReaderLocker) reading = g_rw_lock_reader_locker_new(&settings_lock);
    g_autoptr(GRecMutexLocker) telling = g_rec_mutex_locker_new(&listeners_lock);
    (void)reading;
    (void)telling;
    return settings[i] + listeners;
}

static FRAME void listener_add(int i)
{
    g_autoptr(GRecMutexLocker) adding = g_rec_mutex_locker_new(&listeners_lock);
    g_autoptr(GRWLockWriterLocker) writing = g_rw_lock_writer_locker_new(&settings_lock);
    (void)adding;
    (void)writing;
    settings[i]++;
    listeners++;
}

static int stage;

static gpointer reader(gpointer arg)
{
    for (int i = 0; i < 40; i++)
        settings_get(i % 4);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    return arg;
}

static gpointer writer(gpointer arg)
{
    stage_await(&stage, 1);
    for (int i = 0; i < 4; i++)
        listener_add(i);
    stage_reach(&stage, 2);
    return arg;
}

int main(void)
{
    GThread *a = g_thread_new("reader", reader, NULL), *b = g_thread_new("writer", writer, NULL);
    g_thread_join(a);
    g_thread_join(b);
    return 0;
}
