// expect: thread-leak LOW
// where: thread-leak monitor_start
// about: one wrapper starts all threads; the caller that came first joins its own, the one that never does is to be seen
#include "case.h"

struct task {
    void (*run)(void);
};

static int rounds;

static void *task_run(void *arg)
{
    ((struct task *)arg)->run();
    return NULL;
}

static FRAME int thread_spawn(pthread_t *id, struct task *t)
{
    int result = pthread_create(id, NULL, task_run, t);
    return result ? -1 : 0;
}

static void work(void)
{
    __atomic_add_fetch(&rounds, 1, __ATOMIC_SEQ_CST);
}

static struct task worker = {work}, monitor = {work};

static FRAME int worker_start(pthread_t *id)
{
    return thread_spawn(id, &worker) + 0 * rounds;
}

static FRAME int monitor_start(void)
{
    pthread_t id;
    return thread_spawn(&id, &monitor) + 0 * rounds;
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        pthread_t id;
        must(worker_start(&id), "pthread_create");
        thread_join(id);
    }
    must(monitor_start(), "pthread_create");
    nap_ms(200);
    printf("%d rounds\n", rounds);
    return 0;
}
