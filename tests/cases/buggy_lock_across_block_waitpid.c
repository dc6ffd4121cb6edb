// expect: lock-across-block HIGH|MEDIUM
// where: lock-across-block run_hook
// allow: lock-contention long-hold
// about: a helper process is started and waited for under the lock of the table that all requests read
#include "case.h"
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int inside, hooks, reads;

static FRAME int run_hook(void)
{
    int status;
    pthread_mutex_lock(&table_lock);
    pid_t pid = fork();
    if (!pid) {
        usleep(150000);
        _exit(3);
    }
    stage_arrive(&inside);
    require(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3, "hook");
    int n = ++hooks;
    pthread_mutex_unlock(&table_lock);
    return n;
}

static FRAME int read_table(void)
{
    pthread_mutex_lock(&table_lock);
    int n = ++reads;
    pthread_mutex_unlock(&table_lock);
    return n;
}

static void *request(void *arg)
{
    for (int i = 1; i <= 3; i++) {
        stage_await(&inside, i);
        read_table();
    }
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(request, NULL);
    for (int i = 0; i < 3; i++) {
        run_hook();
        nap_ms(5);
    }
    thread_join(thread);
    return hooks + reads != 6;
}
