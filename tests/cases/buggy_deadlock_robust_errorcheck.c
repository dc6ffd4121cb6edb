// expect: deadlock CRITICAL
// where: deadlock index_then_blob
// where: deadlock blob_then_index
// allow: lock-order-cycle
// kill: 0.6
// about: one robust and one error-checking mutex; both types check their own thread only and happily wait for ever
#include "case.h"

static pthread_mutex_t index_lock, blob_lock;
static int holding, blobs;

static FRAME int index_then_blob(void)
{
    pthread_mutex_lock(&index_lock);
    stage_arrive(&holding);
    stage_await(&holding, 2);
    pthread_mutex_lock(&blob_lock);
    int n = ++blobs;
    pthread_mutex_unlock(&blob_lock);
    pthread_mutex_unlock(&index_lock);
    return n;
}

static FRAME int blob_then_index(void)
{
    pthread_mutex_lock(&blob_lock);
    stage_arrive(&holding);
    stage_await(&holding, 2);
    pthread_mutex_lock(&index_lock);
    int n = --blobs;
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&blob_lock);
    return n;
}

static void *writer(void *arg)
{
    *(int *)arg = index_then_blob();
    return NULL;
}

static void *collector(void *arg)
{
    *(int *)arg = blob_then_index();
    return NULL;
}

int main(void)
{
    int result[2];
    mutex_init_kind(&index_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    mutex_init_kind(&blob_lock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    pthread_t a = thread_start(writer, &result[0]), b = thread_start(collector, &result[1]);
    thread_join(a);
    thread_join(b);
    return result[0] + result[1] != 1;
}
