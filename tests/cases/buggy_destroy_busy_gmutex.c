// expect: destroy-busy CRITICAL|HIGH
// where:  destroy-busy session_end
// allow:  free-holding-lock
// uses:   glib-2.0
// about:  a session is ended while another thread waits for its condition; both objects are cleared under it
#include "case.h"

#include <glib.h>

struct session {
    GMutex lock;
    GCond changed;
    int state;
};

static int stage;

static gpointer watcher(gpointer data)
{
    struct session *s = data;
    g_mutex_lock(&s->lock);
    stage_reach(&stage, 1);
    gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (!s->state && g_cond_wait_until(&s->changed, &s->lock, until))
        ;
    g_mutex_unlock(&s->lock);
    return NULL;
}

static FRAME void session_end(struct session *s)
{
    g_mutex_lock(&s->lock);
    int state = s->state;
    g_mutex_unlock(&s->lock);
    g_cond_clear(&s->changed);
    require(!state, "nothing changed");
}

int main(void)
{
    static struct session session;
    g_mutex_init(&session.lock);
    g_cond_init(&session.changed);
    GThread *thread = g_thread_new("watcher", watcher, &session);
    stage_await(&stage, 1);
    session_end(&session); /* gets the lock when the wait lets go of it */
    g_mutex_lock(&session.lock);
    session.state = 1;
    g_cond_signal(&session.changed);
    g_mutex_unlock(&session.lock);
    g_thread_join(thread);
    g_mutex_clear(&session.lock);
    return 0;
}
