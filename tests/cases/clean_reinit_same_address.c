// expect: none
// about: two slots of a table are destroyed and initialised again in exchanged roles, by threads that run side by side
#include "case.h"

static pthread_mutex_t slot[2];
static int turn;

static FRAME int use(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(outer);
    int error = pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
    return error;
}

static void *tenant(void *arg)
{
    int id = *(int *)arg;
    for (int i = 0; i < 20; i++) {
        stage_await(&turn, 2 * i + id);
        must(pthread_mutex_init(&slot[0], NULL), "init");
        must(pthread_mutex_init(&slot[1], NULL), "init");
        must(use(&slot[id], &slot[!id]), "use");
        must(pthread_mutex_destroy(&slot[0]), "destroy");
        must(pthread_mutex_destroy(&slot[1]), "destroy");
        stage_arrive(&turn);
    }
    stage_await(&turn, 40);
    return NULL;
}

int main(void)
{
    int id[2] = {0, 1};
    pthread_t a = thread_start(tenant, &id[0]), b = thread_start(tenant, &id[1]);
    thread_join(a);
    thread_join(b);
    return 0;
}
