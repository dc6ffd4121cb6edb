/* GLib's locks one call at a time, and what GLib itself stops: locks.c [unlock | clear | unlock-again]. */
#define GLIB_DISABLE_DEPRECATION_WARNINGS
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

static GMutex still; /* zeroes */

static gpointer try(gpointer mutex)
{
    gboolean got = g_mutex_trylock(mutex);
    if (got)
        g_mutex_unlock(mutex);
    return GINT_TO_POINTER(got);
}

static int tried_elsewhere(GMutex *mutex)
{
    return GPOINTER_TO_INT(g_thread_join(g_thread_new("try", try, mutex)));
}

static void by_value(GMutex *mutex)
{
    g_mutex_lock(mutex);
    g_print("locked: again %d, elsewhere %d\n", g_mutex_trylock(mutex), tried_elsewhere(mutex));
    g_mutex_unlock(mutex);
    g_print("unlocked: elsewhere %d, here %d\n", tried_elsewhere(mutex), g_mutex_trylock(mutex));
    g_mutex_unlock(mutex);
}

static gpointer unlock(gpointer mutex)
{
    g_mutex_unlock(mutex);
    return NULL;
}

static gpointer hold(gpointer mutex)
{
    g_mutex_lock(mutex);
    g_mutex_unlock(mutex);
    return mutex;
}

/* Many times what is rare: a lock that was free a moment ago, and one that is waited for. */
static gpointer race(gpointer mutex)
{
    static int counted;
    for (int i = 0; i < 50000; i++) {
        g_mutex_lock(mutex);
        counted++;
        g_mutex_unlock(mutex);
    }
    return GINT_TO_POINTER(counted);
}

static void conditions(GMutex *mutex, GCond *cond)
{
    GTimeVal until;
    g_get_current_time(&until);
    g_time_val_add(&until, 2000);
    g_mutex_lock(mutex);
    errno = 0;
    gboolean woken = TRUE;
    while (woken)
        woken = g_cond_timed_wait(cond, mutex, &until);
    g_print("timed wait: %d, in the past %d, still locked %d\n", woken,
            g_cond_wait_until(cond, mutex, g_get_monotonic_time() - 5), !tried_elsewhere(mutex));
    g_cond_signal(cond);
    g_cond_broadcast(cond);
    g_mutex_unlock(mutex);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    GMutex own, *made = g_mutex_new();
    GCond condition, *another = g_cond_new();
    memset(&own, 0x55, sizeof own);
    g_mutex_init(&own);
    g_cond_init(&condition);
    by_value(&still);
    by_value(&own);
    by_value(made);
    conditions(&own, &condition);
    conditions(made, another);
    g_mutex_lock(&own); /* somebody else may let go of it */
    g_thread_join(g_thread_new("unlock", unlock, &own));
    by_value(&own);
    GThread *racers[3];
    for (int i = 0; i < 3; i++)
        racers[i] = g_thread_new("race", race, &still);
    int most = 0;
    for (int i = 0; i < 3; i++)
        most = MAX(most, GPOINTER_TO_INT(g_thread_join(racers[i])));
    g_print("raced: %d\n", most);
    g_mutex_lock(made);
    GThread *waiter = g_thread_new("wait", hold, made);
    g_usleep(2000);
    g_mutex_unlock(made);
    g_print("waited: %d\n", g_thread_join(waiter) == made);
    if (!strcmp(what, "unlock"))
        g_mutex_unlock(&own);
    if (!strcmp(what, "clear"))
        g_mutex_lock(&own);
    g_mutex_clear(&own);
    g_cond_clear(&condition);
    by_value(&own); /* works all the same */
    g_mutex_init(&own);
    by_value(&own);
    g_mutex_clear(&own);
    g_mutex_free(made);
    g_cond_free(another);
    return 0;
}
