// expect: lock-across-block HIGH
// where: lock-across-block ask_backend
// allow: lock-contention long-hold no-timeout
// about: a descriptor's number was a non-blocking socket's for long; now it is a blocking one's, and is read under a lock
#include "case.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t stats_lock = PTHREAD_MUTEX_INITIALIZER;
static int asking, answers, seen;

static void *backend(void *fd)
{
    stage_await(&asking, 1);
    nap_ms(150);
    require(write(*(int *)fd, "y", 1) == 1, "the backend answers");
    return NULL;
}

static void *reporter(void *arg)
{
    stage_await(&asking, 1);
    nap_ms(20);
    pthread_mutex_lock(&stats_lock);
    seen = answers;
    pthread_mutex_unlock(&stats_lock);
    return arg;
}

static FRAME void ask_backend(int fd)
{
    char answer = 0;
    pthread_mutex_lock(&stats_lock);
    stage_reach(&asking, 1);
    require(recv(fd, &answer, 1, 0) == 1, "an answer arrives");
    answers += answer == 'y';
    pthread_mutex_unlock(&stats_lock);
}

int main(void)
{
    int old[2], pair[2];
    char byte;
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, old) == 0, "a non-blocking pair");
    for (int i = 0; i < 2000; i++)
        require(recv(old[0], &byte, 1, 0) == -1 && errno == EAGAIN, "nothing to read");
    close(old[0]);
    close(old[1]);
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pair[0] == old[0], "the same number");
    pthread_t threads[] = {thread_start(backend, &pair[1]), thread_start(reporter, NULL)};
    ask_backend(pair[0]);
    thread_join(threads[0]);
    thread_join(threads[1]);
    return answers != 1 || seen > 1;
}
