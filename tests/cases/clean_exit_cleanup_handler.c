// expect: none
// about: threads that are cancelled, or leave by pthread_exit, release their locks in cleanup handlers
#include "case.h"

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t names_lock = PTHREAD_RWLOCK_INITIALIZER;
static int stage, table[8];

static void unlock_table(void *lock)
{
    pthread_mutex_unlock(lock);
}

static void unlock_names(void *lock)
{
    pthread_rwlock_unlock(lock);
}

static void *sweeper(void *arg)
{
    pthread_mutex_lock(&table_lock);
    pthread_cleanup_push(unlock_table, &table_lock);
    for (int i = 0;; i++) {
        table[i % 8] = 0;
        stage_reach(&stage, 1);
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return arg;
}

static void *lister(void *arg)
{
    pthread_rwlock_rdlock(&names_lock);
    pthread_cleanup_push(unlock_names, &names_lock);
    pthread_exit(arg);
    pthread_cleanup_pop(1);
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(sweeper, NULL);
    stage_await(&stage, 1);
    must(pthread_cancel(thread), "pthread_cancel");
    thread_join(thread);
    thread_join(thread_start(lister, NULL));
    must(pthread_mutex_trylock(&table_lock), "trylock");
    pthread_mutex_unlock(&table_lock);
    must(pthread_rwlock_trywrlock(&names_lock), "trywrlock");
    pthread_rwlock_unlock(&names_lock);
    return 0;
}
