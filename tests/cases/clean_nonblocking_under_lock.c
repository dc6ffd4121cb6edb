// expect: none
// about: two threads empty one non-blocking socket under a lock, and go on when there is nothing: no such call waits
#include "case.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES 20000

static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;
static int inbox, received;

static FRAME int take_message(void)
{
    char bytes[64];
    pthread_mutex_lock(&inbox_lock);
    ssize_t n = read(inbox, bytes, sizeof bytes);
    if (n > 0)
        received += (int)n;
    require(n > 0 || (n < 0 && errno == EAGAIN), "a message or none yet");
    int all = received;
    pthread_mutex_unlock(&inbox_lock);
    return all;
}

static void *worker(void *arg)
{
    while (take_message() < MESSAGES)
        sched_yield();
    return arg;
}

int main(void)
{
    int pair[2];
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair");
    require(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0, "it is non-blocking");
    inbox = pair[0];
    pthread_t threads[] = {thread_start(worker, NULL), thread_start(worker, NULL)};
    for (int i = 0; i < MESSAGES; i++)
        require(write(pair[1], "m", 1) == 1, "a message is sent");
    thread_join(threads[0]);
    thread_join(threads[1]);
    return received != MESSAGES;
}
