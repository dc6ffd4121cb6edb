// expect: none
// about: atfork handlers take the locks before the fork and give them back on both sides, in the right order
#include "case.h"
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static long blocks;
static int stop;

static void locks_take(void)
{
    pthread_mutex_lock(&registry_lock);
    pthread_mutex_lock(&arena_lock);
}

static void locks_give(void)
{
    pthread_mutex_unlock(&arena_lock);
    pthread_mutex_unlock(&registry_lock);
}

static FRAME long block_add(void)
{
    locks_take();
    long n = ++blocks;
    locks_give();
    return n;
}

static void *busy(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        block_add();
        sched_yield();
    }
    return arg;
}

int main(void)
{
    int bad = 0;
    must(pthread_atfork(locks_take, locks_give, locks_give), "atfork");
    pthread_t thread = thread_start(busy, NULL);
    for (int i = 0; i < 5; i++) {
        int status = 1;
        pid_t child = fork();
        require(child >= 0, "fork");
        if (child == 0)
            _exit(block_add() > 0 ? 0 : 1);
        require(waitpid(child, &status, 0) == child, "waitpid");
        bad += status != 0;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    thread_join(thread);
    return bad;
}
