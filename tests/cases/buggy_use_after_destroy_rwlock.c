// expect: use-after-destroy CRITICAL
// where: use-after-destroy lookup
// about: the table's rwlock is destroyed while a reader still has its last lookups to make; they work, by luck
#include "case.h"

static pthread_rwlock_t table_lock;
static int stage, table[4] = {1, 2, 3, 4};

static FRAME int lookup(int key)
{
    pthread_rwlock_rdlock(&table_lock);
    int value = table[key % 4];
    pthread_rwlock_unlock(&table_lock);
    return value;
}

static void *reader(void *arg)
{
    lookup(1);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    lookup(2);
    return arg;
}

static FRAME void table_close(void)
{
    pthread_rwlock_destroy(&table_lock);
}

int main(void)
{
    must(pthread_rwlock_init(&table_lock, NULL), "init");
    pthread_t thread = thread_start(reader, NULL);
    stage_await(&stage, 1);
    table_close();
    stage_reach(&stage, 2);
    thread_join(thread);
    return 0;
}
