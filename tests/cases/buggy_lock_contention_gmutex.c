// expect: lock-contention HIGH
// where:  lock-contention render
// uses:   glib-2.0
// about:  four threads draw, each for a millisecond, under one GMutex
#include "case.h"

#include <glib.h>

G_LOCK_DEFINE_STATIC(canvas);
static guint32 canvas[1024];

static FRAME void render(guint32 color)
{
    G_LOCK(canvas);
    for (gint64 until = g_get_monotonic_time() + 1000; g_get_monotonic_time() < until;)
        for (int i = 0; i < 1024; i++)
            canvas[i] = canvas[i] * 31 + color;
    G_UNLOCK(canvas);
}

static gpointer painter(gpointer color)
{
    for (int i = 0; i < 200; i++)
        render(GPOINTER_TO_UINT(color));
    return NULL;
}

int main(void)
{
    GThread *threads[4];
    for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new("painter", painter, GUINT_TO_POINTER(i));
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    return 0;
}
