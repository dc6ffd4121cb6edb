// expect: fork-holding-lock MEDIUM
// where: fork-holding-lock spawn
// about: a child goes on as a worker, with locks and heap, although another thread held a lock at the fork; it was lucky
#include "case.h"
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER, queue_lock = PTHREAD_MUTEX_INITIALIZER;
static int stage, queued;

static void *filler(void *arg)
{
    pthread_mutex_lock(&cache_lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    pthread_mutex_unlock(&cache_lock);
    return arg;
}

static FRAME void work(void)
{
    char *buffer = malloc(100);
    require(buffer != NULL, "memory");
    pthread_mutex_lock(&queue_lock);
    queued++;
    pthread_mutex_unlock(&queue_lock);
    free(buffer);
}

static FRAME int spawn(void)
{
    int status = 1;
    pid_t child = fork();
    require(child >= 0, "fork");
    if (!child) {
        work();
        exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    pthread_t thread = thread_start(filler, NULL);
    stage_await(&stage, 1);
    int status = spawn();
    stage_reach(&stage, 2);
    thread_join(thread);
    return status;
}
