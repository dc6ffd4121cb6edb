// expect: fork-holding-lock CRITICAL
// where: fork-holding-lock audit
/*
 * A server forks a helper while another thread has the audit log locked. In the child the log stays locked: the thread
 * that would unlock it exists in the parent only. The helper hangs, and is killed.
 *
 * Kiwi prints fork-holding-lock (CRITICAL), from the child's trace: give `kiwi report` all traces of the run.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t audit_lock = PTHREAD_MUTEX_INITIALIZER;
static long audited;
static atomic_int stage; /* 1: the log is locked, 2: the helper was forked */

static __attribute__((noinline)) void audit(void)
{
    pthread_mutex_lock(&audit_lock);
    audited++;
    pthread_mutex_unlock(&audit_lock);
}

static void *rotate(void *arg)
{
    pthread_mutex_lock(&audit_lock);
    atomic_store(&stage, 1);
    while (atomic_load(&stage) != 2)
        sched_yield();
    pthread_mutex_unlock(&audit_lock);
    return arg;
}

int main(void)
{
    pthread_t thread;
    int status;
    if (pthread_create(&thread, NULL, rotate, NULL))
        return 1;
    while (atomic_load(&stage) != 1)
        sched_yield();
    pid_t helper = fork();
    if (helper == 0) {
        audit();
        _exit(0);
    }
    atomic_store(&stage, 2);
    usleep(300000);
    int hangs = waitpid(helper, &status, WNOHANG) == 0;
    if (hangs) {
        kill(helper, SIGKILL);
        waitpid(helper, &status, 0);
    }
    pthread_join(thread, NULL);
    printf("the helper %s\n", hangs ? "hangs" : "is done");
    return 0;
}
