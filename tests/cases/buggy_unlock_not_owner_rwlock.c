// expect: unlock-not-owner CRITICAL
// where:  unlock-not-owner drop_table
// about: an error path releases the table's rwlock although it returned before taking it
#include "case.h"

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static int failed, ended;

static FRAME void drop_table(int allowed)
{
    if (!allowed)
        goto out;
    pthread_rwlock_wrlock(&table);
out:
    if (!allowed)
        failed++;
    if (allowed || failed == 2)
        pthread_rwlock_unlock(&table);
    ended++;
}

static void *reader(void *arg)
{
    pthread_rwlock_rdlock(&table);
    stage_reach(arg, 1);
    stage_await(arg, 2);
    return NULL; /* its read lock was taken away */
}

int main(void)
{
    int stage = 0;
    drop_table(1);
    drop_table(0);
    pthread_t t = thread_start(reader, &stage);
    stage_await(&stage, 1);
    drop_table(0);
    stage_reach(&stage, 2);
    thread_join(t);
    return failed != 2 || ended != 3;
}
