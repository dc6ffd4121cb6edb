// expect: deadlock CRITICAL
// where:  deadlock flush|reload
// allow:  lock-across-block lock-order-cycle
// uses:   glib-2.0
// kill:   1.5
// about:  waits for GLib's condition with one mutex and a second one held; taking the first one back meets who wants the second
#include "case.h"

#include <glib.h>

static GMutex queue, config;
static GCond filled;
static int items, stage;

static FRAME void flush(void)
{
    g_mutex_lock(&config);
    g_mutex_lock(&queue);
    stage_reach(&stage, 1);
    while (!items)
        g_cond_wait(&filled, &queue);
    items = 0;
    g_mutex_unlock(&queue);
    g_mutex_unlock(&config);
}

static FRAME void reload(void)
{
    g_mutex_lock(&queue);
    items = 1;
    g_cond_signal(&filled);
    nap_ms(20);
    g_mutex_lock(&config);
    g_mutex_unlock(&config);
    g_mutex_unlock(&queue);
}

static gpointer flusher(gpointer data)
{
    flush();
    return data;
}

static gpointer reloader(gpointer data)
{
    stage_await(&stage, 1);
    reload();
    return data;
}

int main(void)
{
    GThread *first = g_thread_new("flusher", flusher, NULL), *second = g_thread_new("reloader", reloader, NULL);
    g_thread_join(first);
    g_thread_join(second);
    return 0;
}
