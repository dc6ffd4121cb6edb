// expect: none
// uses:   glib-2.0
// about:  a job queue of GLib's mutexes and conditions: idle workers, a bounded queue, locks of slices that are used again
#include "case.h"

#include <glib.h>

struct job {
    GMutex lock;
    GCond done;
    int number, result;
};

static GMutex queue_lock;
static GCond filled, drained;
static GQueue queue = G_QUEUE_INIT;
static gboolean closing;
G_LOCK_DEFINE_STATIC(total);
static int total;

static struct job *take(void)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&queue_lock);
    while (g_queue_is_empty(&queue) && !closing)
        g_cond_wait(&filled, &queue_lock);
    struct job *job = g_queue_pop_head(&queue);
    g_cond_signal(&drained);
    (void)locker;
    return job;
}

static gpointer worker(gpointer data)
{
    struct job *job;
    while ((job = take())) {
        g_mutex_lock(&job->lock);
        G_LOCK(total); /* always under the job's */
        total += job->number;
        G_UNLOCK(total);
        job->result = 1;
        g_cond_signal(&job->done);
        g_mutex_unlock(&job->lock);
    }
    return data;
}

static void submit(struct job *job)
{
    g_mutex_lock(&queue_lock);
    while (g_queue_get_length(&queue) >= 4)
        g_cond_wait(&drained, &queue_lock);
    g_queue_push_tail(&queue, job);
    g_cond_signal(&filled);
    g_mutex_unlock(&queue_lock);
}

static void await(struct job *job)
{
    g_mutex_lock(&job->lock);
    while (!job->result)
        if (!g_cond_wait_until(&job->done, &job->lock, g_get_monotonic_time() + G_TIME_SPAN_MINUTE))
            break;
    g_mutex_unlock(&job->lock);
}

static gpointer client(gpointer data)
{
    for (int i = 0; i < 100; i++) {
        struct job *job = g_slice_new0(struct job); /* zeroes are a new lock as well */
        if (i % 2) {
            g_mutex_init(&job->lock);
            g_cond_init(&job->done);
        }
        job->number = i;
        submit(job);
        await(job);
        g_cond_clear(&job->done);
        g_mutex_clear(&job->lock);
        g_slice_free(struct job, job);
    }
    return data;
}

int main(void)
{
    GThread *workers[3], *clients[2];
    for (int i = 0; i < 3; i++)
        workers[i] = g_thread_new("worker", worker, NULL);
    for (int i = 0; i < 2; i++)
        clients[i] = g_thread_new("client", client, NULL);
    for (int i = 0; i < 2; i++)
        g_thread_join(clients[i]);
    g_mutex_lock(&queue_lock);
    closing = TRUE;
    g_cond_broadcast(&filled);
    g_mutex_unlock(&queue_lock);
    for (int i = 0; i < 3; i++)
        g_thread_join(workers[i]);
    require(total == 2 * 4950, "every job was done once");
    return 0;
}
