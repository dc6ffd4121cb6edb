// expect: none
/*
 * The server of fork_holding_lock.c, mended: a fork waits until the forking thread itself has the audit log, and both
 * processes let go of it after that.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t audit_lock = PTHREAD_MUTEX_INITIALIZER;
static long audited;
static atomic_int stage; /* 1: the log is locked */

static __attribute__((noinline)) void audit(void)
{
    pthread_mutex_lock(&audit_lock);
    audited++;
    pthread_mutex_unlock(&audit_lock);
}

static void audit_take(void)
{
    pthread_mutex_lock(&audit_lock);
}

static void audit_give(void)
{
    pthread_mutex_unlock(&audit_lock);
}

static void *rotate(void *arg)
{
    pthread_mutex_lock(&audit_lock);
    atomic_store(&stage, 1);
    sched_yield();
    pthread_mutex_unlock(&audit_lock);
    return arg;
}

int main(void)
{
    pthread_t thread;
    int status;
    if (pthread_atfork(audit_take, audit_give, audit_give) || pthread_create(&thread, NULL, rotate, NULL))
        return 1;
    while (atomic_load(&stage) != 1)
        sched_yield();
    pid_t helper = fork();
    if (helper == 0) {
        audit();
        _exit(0);
    }
    waitpid(helper, &status, 0);
    pthread_join(thread, NULL);
    printf("the helper is done\n");
    return status;
}
