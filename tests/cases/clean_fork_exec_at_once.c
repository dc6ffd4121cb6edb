// expect: none
// about: children of a process with busy locks that call exec, or only write and _exit: what a child may do
#include "case.h"
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t busy_lock = PTHREAD_MUTEX_INITIALIZER;
static int stage;

static void *busy(void *arg)
{
    pthread_mutex_lock(&busy_lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    pthread_mutex_unlock(&busy_lock);
    return arg;
}

static FRAME int run(int with_exec)
{
    int status = 1;
    pid_t child = fork();
    require(child >= 0, "fork");
    if (!child) {
        char *argv[] = {(char *)"true", NULL};
        dup2(2, 9);
        if (with_exec)
            execv("/bin/true", argv);
        _exit(write(9, "", 0) != 0);
    }
    waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    pthread_t thread = thread_start(busy, NULL);
    stage_await(&stage, 1);
    int status = run(1) | run(0) | system("true");
    stage_reach(&stage, 2);
    thread_join(thread);
    return status;
}
