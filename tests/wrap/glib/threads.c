/* What GLib programs thread with: every kind of lock, conditions, once, pools, queues and a main loop of their own. */
#include <glib.h>

static GMutex mutex;
static GCond cond;
static GRecMutex again;
static GRWLock table;
static int counted, ready, pooled;

static gpointer count(gpointer data)
{
    for (int i = 0; i < 20000; i++) {
        g_mutex_lock(&mutex);
        counted++;
        g_mutex_unlock(&mutex);
    }
    return data;
}

static gpointer set_ready(gpointer data)
{
    g_mutex_lock(&mutex);
    ready = 1;
    g_cond_broadcast(&cond);
    g_mutex_unlock(&mutex);
    return data;
}

static void conditions(void)
{
    g_mutex_lock(&mutex);
    gint64 until = g_get_monotonic_time() + 10000;
    gboolean woken = TRUE;
    while (woken)
        woken = g_cond_wait_until(&cond, &mutex, until);
    g_print("timed out: %d\n", g_get_monotonic_time() >= until);
    GThread *other = g_thread_new("setter", set_ready, NULL);
    while (!ready)
        g_cond_wait(&cond, &mutex);
    g_print("trylock of a taken one: %d\n", g_mutex_trylock(&mutex));
    g_mutex_unlock(&mutex);
    g_thread_join(other);
}

static void others(void)
{
    g_rec_mutex_lock(&again);
    g_print("again: %d\n", g_rec_mutex_trylock(&again));
    g_rec_mutex_unlock(&again);
    g_rec_mutex_unlock(&again);
    g_rw_lock_reader_lock(&table);
    g_print("reader beside reader %d, writer %d\n", g_rw_lock_reader_trylock(&table), g_rw_lock_writer_trylock(&table));
    g_rw_lock_reader_unlock(&table);
    g_rw_lock_reader_unlock(&table);
    g_rw_lock_writer_lock(&table);
    g_rw_lock_writer_unlock(&table);
}

static gpointer make(gpointer data)
{
    g_usleep(2000);
    return data;
}

static gpointer call_once(gpointer data)
{
    static GOnce once = G_ONCE_INIT;
    static gsize entered;
    if (g_once_init_enter(&entered)) {
        g_usleep(2000);
        g_once_init_leave(&entered, 5);
    }
    return g_once(&once, make, data) == data && entered == 5 ? data : NULL;
}

static void work(gpointer item, gpointer data)
{
    (void)item;
    (void)data;
    g_atomic_int_inc(&pooled);
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gpointer run_loop(gpointer data)
{
    GMainContext *context = g_main_context_new();
    GMainLoop *loop = g_main_loop_new(context, FALSE);
    GSource *source = g_timeout_source_new(5);
    g_source_set_callback(source, quit, loop, NULL);
    g_source_attach(source, context);
    g_main_loop_run(loop);
    g_source_unref(source);
    g_main_loop_unref(loop);
    g_main_context_unref(context);
    return data;
}

static gpointer push(gpointer queue)
{
    for (int i = 1; i <= 1000; i++)
        g_async_queue_push(queue, GINT_TO_POINTER(i));
    return queue;
}

int main(void)
{
    static int same;
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("counter", count, NULL);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    g_print("counted %d\n", counted);
    conditions();
    others();
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("once", call_once, &same);
    for (int i = 0; i < 4; i++)
        g_print("once: %d\n", g_thread_join(threads[i]) == &same);
    GThreadPool *pool = g_thread_pool_new(work, NULL, 3, FALSE, NULL);
    for (int i = 0; i < 500; i++)
        g_thread_pool_push(pool, &same, NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_print("pooled %d\n", pooled);
    GAsyncQueue *queue = g_async_queue_new();
    GThread *pusher = g_thread_new("pusher", push, queue);
    long sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += GPOINTER_TO_INT(g_async_queue_pop(queue));
    g_print("popped %ld, then %p\n", sum, g_async_queue_timeout_pop(queue, 3000));
    g_thread_join(pusher);
    g_async_queue_unref(queue);
    g_print("loop: %d\n", g_thread_join(g_thread_new("loop", run_loop, &same)) == &same);
    return 0;
}
