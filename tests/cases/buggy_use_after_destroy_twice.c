// expect: use-after-destroy MEDIUM
// where: use-after-destroy pool_release
// about: an error path and the common end both release the pool, and so destroy its mutex
#include "case.h"

struct pool {
    pthread_mutex_t lock;
    int jobs;
};

static struct pool pool;

static FRAME void pool_release(struct pool *p)
{
    pthread_mutex_destroy(&p->lock);
    p->jobs = 0;
}

static FRAME int pool_run(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    int failed = p->jobs++ == 0;
    pthread_mutex_unlock(&p->lock);
    if (failed)
        pool_release(p);
    return failed;
}

static void *runner(void *arg)
{
    pool_run(arg);
    return NULL;
}

int main(void)
{
    must(pthread_mutex_init(&pool.lock, NULL), "init");
    thread_join(thread_start(runner, &pool));
    pool_release(&pool);
    return 0;
}
