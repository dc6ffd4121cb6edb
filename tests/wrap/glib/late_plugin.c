#include <glib.h>

static GMutex lock;
static GCond ready;
static int counted;
int plugin_run(int rounds);

static gpointer count(gpointer rounds)
{
    for (int i = 0; i < GPOINTER_TO_INT(rounds); i++) {
        g_mutex_lock(&lock);
        counted++;
        g_cond_signal(&ready);
        g_mutex_unlock(&lock);
    }
    return NULL;
}

int plugin_run(int rounds)
{
    counted = 0;
    GThread *thread = g_thread_new("count", count, GINT_TO_POINTER(rounds));
    g_mutex_lock(&lock);
    while (counted < rounds)
        g_cond_wait(&ready, &lock);
    g_mutex_unlock(&lock);
    g_thread_join(thread);
    return counted;
}
