// expect: none
// about: poll with a timeout under a lock, on descriptors that are always ready: it never waits
#include "case.h"
#include <poll.h>
#include <unistd.h>

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static int out[2], sent;

static FRAME int out_send(void)
{
    struct pollfd entry = {.fd = out[1], .events = POLLOUT};
    pthread_mutex_lock(&out_lock);
    int ok = poll(&entry, 1, 1000) == 1 && write(out[1], "x", 1) == 1;
    sent += ok;
    pthread_mutex_unlock(&out_lock);
    return ok;
}

static void *sender(void *arg)
{
    for (int i = 0; i < 400; i++)
        *(int *)arg += out_send();
    return NULL;
}

int main(void)
{
    int n[2] = {0, 0};
    require(pipe(out) == 0, "pipe");
    pthread_t a = thread_start(sender, &n[0]), b = thread_start(sender, &n[1]);
    thread_join(a);
    thread_join(b);
    return sent != 800;
}
