// expect: fork-holding-lock CRITICAL
// where: fork-holding-lock stats_read
// about: a child reads statistics whose rwlock a thread of the parent held for writing at the fork; it hangs and is killed
#include "case.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_rwlock_t stats_lock = PTHREAD_RWLOCK_INITIALIZER;
static int stage, hits;

static FRAME int stats_read(void)
{
    pthread_rwlock_rdlock(&stats_lock);
    int n = hits;
    pthread_rwlock_unlock(&stats_lock);
    return n;
}

static void *writer(void *arg)
{
    stats_read();
    pthread_rwlock_wrlock(&stats_lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    hits++;
    pthread_rwlock_unlock(&stats_lock);
    return arg;
}

int main(void)
{
    int status;
    pthread_t thread = thread_start(writer, NULL);
    stage_await(&stage, 1);
    pid_t child = fork();
    require(child >= 0, "fork");
    if (!child)
        _exit(stats_read());
    nap_ms(400);
    require(waitpid(child, &status, WNOHANG) == 0, "the child hangs");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    stage_reach(&stage, 2);
    thread_join(thread);
    return 0;
}
