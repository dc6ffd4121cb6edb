// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle tree_insert
// where: lock-order-cycle journal_replay
// about: a recursive tree lock, entered twice, and a priority-inheriting journal lock in both orders
#include "case.h"

static pthread_mutex_t tree_lock, journal_lock;
static int nodes, entries, stage;

static FRAME int journal_append(void)
{
    pthread_mutex_lock(&journal_lock);
    int n = ++entries;
    pthread_mutex_unlock(&journal_lock);
    return n;
}

static FRAME int tree_insert(int depth)
{
    pthread_mutex_lock(&tree_lock);
    nodes++;
    int n = depth > 0 ? tree_insert(depth - 1) : journal_append();
    pthread_mutex_unlock(&tree_lock);
    return n;
}

static FRAME int journal_replay(void)
{
    pthread_mutex_lock(&journal_lock);
    pthread_mutex_lock(&tree_lock);
    int n = nodes += entries;
    pthread_mutex_unlock(&tree_lock);
    pthread_mutex_unlock(&journal_lock);
    return n;
}

static void *inserter(void *arg)
{
    *(int *)arg = tree_insert(3);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    return NULL;
}

static void *replayer(void *arg)
{
    stage_await(&stage, 1);
    *(int *)arg = journal_replay();
    stage_reach(&stage, 2);
    return NULL;
}

int main(void)
{
    int result[2];
    mutex_init_kind(&tree_lock, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    mutex_init_kind(&journal_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    pthread_t a = thread_start(inserter, &result[0]), b = thread_start(replayer, &result[1]);
    thread_join(a);
    thread_join(b);
    pthread_mutex_destroy(&journal_lock);
    pthread_mutex_destroy(&tree_lock);
    return result[1] != 5;
}
