// expect: lock-across-block HIGH|MEDIUM|LOW
// where: lock-across-block journal_commit
// allow: lock-contention long-hold
// needs: slow-fsync
// about: a journal is written and synced to disk under the lock that every writer needs
#include "case.h"
#include <fcntl.h>
#include <unistd.h>

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static int journal_fd, commits, started;

static FRAME int journal_commit(void)
{
    static char block[256 * 1024];
    pthread_mutex_lock(&journal_lock);
    require(write(journal_fd, block, sizeof block) == (ssize_t)sizeof block, "write");
    require(fsync(journal_fd) == 0, "fsync");
    int n = ++commits;
    pthread_mutex_unlock(&journal_lock);
    return n;
}

static void *committer(void *arg)
{
    for (int i = 0; i < 60; i++) {
        *(int *)arg = journal_commit();
        stage_reach(&started, 1);
        sched_yield();
    }
    return NULL;
}

int main(void)
{
    char name[] = "case_journal.XXXXXX";
    int n[2] = {0, 0};
    journal_fd = mkstemp(name);
    require(journal_fd >= 0 && unlink(name) == 0, "journal file");
    pthread_t a = thread_start(committer, &n[0]);
    stage_await(&started, 1);
    pthread_t b = thread_start(committer, &n[1]);
    thread_join(a);
    thread_join(b);
    close(journal_fd);
    return commits != 120;
}
