// expect: none
// about: two locks in both orders, but whoever takes both holds the maintenance gate first
#include "case.h"

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t rows_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static int rows, indexed;

static FRAME int reindex(void)
{
    pthread_mutex_lock(&gate_lock);
    pthread_mutex_lock(&rows_lock);
    pthread_mutex_lock(&index_lock);
    int n = indexed = rows;
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&rows_lock);
    pthread_mutex_unlock(&gate_lock);
    return n;
}

static FRAME int vacuum(void)
{
    pthread_mutex_lock(&gate_lock);
    pthread_mutex_lock(&index_lock);
    pthread_mutex_lock(&rows_lock);
    int n = ++rows - indexed;
    pthread_mutex_unlock(&rows_lock);
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&gate_lock);
    return n;
}

static void *indexer(void *arg)
{
    for (int i = 0; i < 200; i++)
        *(int *)arg += reindex();
    return NULL;
}

static void *vacuumer(void *arg)
{
    for (int i = 0; i < 200; i++)
        *(int *)arg += vacuum();
    return NULL;
}

int main(void)
{
    int result[2] = {0, 0};
    pthread_t a = thread_start(indexer, &result[0]), b = thread_start(vacuumer, &result[1]);
    thread_join(a);
    thread_join(b);
    return rows != 200;
}
