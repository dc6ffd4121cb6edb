// expect: lock-order-cycle CRITICAL
// where:  lock-order-cycle shelf_move|audit_run
// uses:   glib-2.0
// about:  GLib's mutexes: one path goes from the shelf to the audit log, the other one back, with a trylock that only helps
#include "case.h"

#include <glib.h>

struct shelf {
    GMutex lock;
    int books;
};

G_LOCK_DEFINE_STATIC(audit);
static int moves, reports;

static FRAME void shelf_move(struct shelf *from, int n)
{
    g_mutex_lock(&from->lock);
    from->books -= n;
    G_LOCK(audit);
    moves++;
    G_UNLOCK(audit);
    g_mutex_unlock(&from->lock);
}

static FRAME int audit_run(struct shelf *of)
{
    G_LOCK(audit);
    if (!g_mutex_trylock(&of->lock))
        g_mutex_lock(&of->lock);
    int books = of->books;
    g_mutex_unlock(&of->lock);
    g_mutex_lock(&of->lock);
    reports += of->books == books;
    g_mutex_unlock(&of->lock);
    G_UNLOCK(audit);
    return books;
}

static int stage;

static gpointer mover(gpointer shelf)
{
    for (int i = 0; i < 50; i++)
        shelf_move(shelf, 1);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    return NULL;
}

static gpointer auditor(gpointer shelf)
{
    stage_await(&stage, 1);
    for (int i = 0; i < 50; i++)
        audit_run(shelf);
    stage_reach(&stage, 2);
    return NULL;
}

int main(void)
{
    struct shelf *shelf = g_slice_new0(struct shelf);
    g_mutex_init(&shelf->lock);
    GThread *first = g_thread_new("mover", mover, shelf), *second = g_thread_new("auditor", auditor, shelf);
    g_thread_join(first);
    g_thread_join(second);
    g_mutex_clear(&shelf->lock);
    g_slice_free(struct shelf, shelf);
    require(moves == 50 && reports == 50, "all were counted");
    return 0;
}
