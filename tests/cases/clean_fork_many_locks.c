// expect: none
// about: a library's fork handlers hold two hundred locks and half as many rwlocks for reading while a worker thread
// about: forks, and the child lets go of them all
#include "case.h"

#include <sys/wait.h>
#include <unistd.h>

#define SHARDS 200
static pthread_mutex_t shard_lock[SHARDS];
static pthread_rwlock_t table_lock[SHARDS / 2];

static void take_all(void)
{
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_lock(&shard_lock[i]);
    for (int i = 0; i < SHARDS / 2; i++)
        pthread_rwlock_rdlock(&table_lock[i]);
}

static void release_all(void)
{
    for (int i = SHARDS / 2 - 1; i >= 0; i--)
        pthread_rwlock_unlock(&table_lock[i]);
    for (int i = SHARDS - 1; i >= 0; i--)
        pthread_mutex_unlock(&shard_lock[i]);
}

static void *worker(void *arg)
{
    pid_t pid = fork();
    if (pid == 0) {
        take_all();
        release_all();
        _exit(3);
    }
    must(waitpid(pid, arg, 0) != pid, "waitpid");
    return NULL;
}

int main(void)
{
    int status = 0;
    for (int i = 0; i < SHARDS; i++)
        must(pthread_mutex_init(&shard_lock[i], NULL), "init");
    for (int i = 0; i < SHARDS / 2; i++)
        must(pthread_rwlock_init(&table_lock[i], NULL), "rwlock init");
    must(pthread_atfork(take_all, release_all, release_all), "atfork");
    thread_join(thread_start(worker, &status));
    return !WIFEXITED(status) || WEXITSTATUS(status) != 3;
}
