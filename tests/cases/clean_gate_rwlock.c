// expect: none
// about: two mutexes in both orders, but always under the write lock of a rwlock; readers take only one of them each
#include "case.h"

static pthread_rwlock_t schema_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t rows_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static int rows, indexed;

static FRAME void migrate(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_rwlock_wrlock(&schema_lock);
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    indexed = ++rows;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    pthread_rwlock_unlock(&schema_lock);
}

static FRAME int look(pthread_mutex_t *lock)
{
    pthread_rwlock_rdlock(&schema_lock);
    pthread_rwlock_rdlock(&schema_lock); /* a nested reader: counted, no order */
    pthread_mutex_lock(lock);
    int n = rows + indexed;
    pthread_mutex_unlock(lock);
    pthread_rwlock_unlock(&schema_lock);
    pthread_rwlock_unlock(&schema_lock);
    return n;
}

static void *forth(void *arg)
{
    for (int i = 0; i < 100; i++) {
        migrate(&rows_lock, &index_lock);
        *(int *)arg += look(&rows_lock);
    }
    return NULL;
}

static void *back(void *arg)
{
    for (int i = 0; i < 100; i++) {
        migrate(&index_lock, &rows_lock);
        *(int *)arg += look(&index_lock);
    }
    return NULL;
}

int main(void)
{
    int seen[2] = {0, 0};
    pthread_t a = thread_start(forth, &seen[0]), b = thread_start(back, &seen[1]);
    thread_join(a);
    thread_join(b);
    return rows != 200 || seen[0] + seen[1] == 0;
}
