// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle users_then_groups
// where: lock-order-cycle groups_then_rights
// where: lock-order-cycle rights_then_users
// about: no two of the three threads disagree about any pair, but all three together close a ring
#include "case.h"

static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t groups_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t rights_lock = PTHREAD_MUTEX_INITIALIZER;
static int users = 3, groups = 2, rights = 1, done;

static FRAME int users_then_groups(void)
{
    pthread_mutex_lock(&users_lock);
    pthread_mutex_lock(&groups_lock);
    int n = users += groups;
    pthread_mutex_unlock(&groups_lock);
    pthread_mutex_unlock(&users_lock);
    return n;
}

static FRAME int groups_then_rights(void)
{
    pthread_mutex_lock(&groups_lock);
    pthread_mutex_lock(&rights_lock);
    int n = groups += rights;
    pthread_mutex_unlock(&rights_lock);
    pthread_mutex_unlock(&groups_lock);
    return n;
}

static FRAME int rights_then_users(void)
{
    pthread_mutex_lock(&rights_lock);
    pthread_mutex_lock(&users_lock);
    int n = rights += users;
    pthread_mutex_unlock(&users_lock);
    pthread_mutex_unlock(&rights_lock);
    return n;
}

static int (*const turns[3])(void) = {users_then_groups, groups_then_rights, rights_then_users};

static void *administrator(void *arg)
{
    int turn = *(int *)arg;
    stage_await(&done, turn); /* one after the other: the ring never locks up here */
    for (int i = 0; i < 5; i++)
        turns[turn]();
    stage_arrive(&done);
    stage_await(&done, 3);
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    int turn[3] = {0, 1, 2};
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(administrator, &turn[i]);
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    printf("%d\n", users + groups + rights);
    return 0;
}
