// expect: none
// about: atfork handlers make locks anew in the child, by a call and by assignment; then the child goes on with them
#include "case.h"
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t called = PTHREAD_MUTEX_INITIALIZER, assigned = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t taken = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t unused = PTHREAD_RWLOCK_INITIALIZER;
static int stage, work_done;

static void before(void)
{
    pthread_mutex_lock(&taken);
}

static void after(void)
{
    pthread_mutex_unlock(&taken);
}

static void in_child(void)
{
    pthread_mutex_init(&taken, NULL); /* held by this thread, through before() */
    pthread_mutex_init(&called, NULL);
    assigned = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    unused = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
}

static void *busy(void *arg)
{
    pthread_mutex_lock(&called);
    pthread_mutex_lock(&assigned);
    pthread_rwlock_wrlock(&unused);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    pthread_rwlock_unlock(&unused);
    pthread_mutex_unlock(&assigned);
    pthread_mutex_unlock(&called);
    return arg;
}

static FRAME void work(void)
{
    pthread_mutex_lock(&called);
    pthread_mutex_lock(&assigned);
    work_done++;
    pthread_mutex_unlock(&assigned);
    pthread_mutex_unlock(&called);
    pthread_mutex_lock(&taken);
    pthread_mutex_unlock(&taken);
}

int main(void)
{
    int status = 1;
    must(pthread_atfork(before, after, in_child), "pthread_atfork");
    pthread_t thread = thread_start(busy, NULL);
    stage_await(&stage, 1);
    pid_t child = fork();
    require(child >= 0, "fork");
    if (!child) {
        work();
        exit(0);
    }
    waitpid(child, &status, 0);
    stage_reach(&stage, 2);
    thread_join(thread);
    return status;
}
