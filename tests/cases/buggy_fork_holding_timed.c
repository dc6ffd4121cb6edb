// expect: fork-holding-lock HIGH
// where:  fork-holding-lock journal_note
// about:  a child asks for a lock that a thread of the parent held at the fork, with a limit of time, and gives up
#include "case.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t journal = PTHREAD_MUTEX_INITIALIZER;
static int stage, notes;

static void *writer(void *arg)
{
    pthread_mutex_lock(&journal);
    notes++;
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    pthread_mutex_unlock(&journal);
    return arg;
}

static FRAME int journal_note(void)
{
    struct timespec until = deadline_ms(CLOCK_REALTIME, 50);
    int error = pthread_mutex_timedlock(&journal, &until);
    if (!error) {
        notes++;
        pthread_mutex_unlock(&journal);
    }
    return error;
}

int main(void)
{
    int status = 0;
    pthread_t thread = thread_start(writer, NULL);
    stage_await(&stage, 1);
    pid_t child = fork();
    if (!child)
        _exit(journal_note() == ETIMEDOUT ? 0 : 3);
    require(waitpid(child, &status, 0) == child && !status, "the child gave up");
    stage_reach(&stage, 2);
    thread_join(thread);
    return 0;
}
