// expect: none
// allow: lock-across-block LOW|INFO
// about: the first caller sets the backend up under the lock, a slow greeting included; nobody else is there yet
#include "case.h"
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t backend_lock = PTHREAD_MUTEX_INITIALIZER;
static int backend[2] = {-1, -1}, calls;

static void *remote(void *arg)
{
    nap_ms(60);
    require(send(backend[1], "ok", 2, 0) == 2, "send");
    return arg;
}

static FRAME int backend_open(void)
{
    char greeting[2];
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, backend) == 0, "socketpair");
    pthread_t thread = thread_start(remote, NULL);
    require(recv(backend[0], greeting, sizeof greeting, 0) == 2, "greeting");
    thread_join(thread);
    return backend[0];
}

static FRAME int backend_call(void)
{
    pthread_mutex_lock(&backend_lock);
    int fd = backend[0] >= 0 ? backend[0] : backend_open();
    calls++;
    pthread_mutex_unlock(&backend_lock);
    return fd;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 200; i++)
        *(int *)arg = backend_call();
    return NULL;
}

int main(void)
{
    int fd[2];
    backend_call();
    pthread_t a = thread_start(worker, &fd[0]), b = thread_start(worker, &fd[1]);
    thread_join(a);
    thread_join(b);
    return calls != 401;
}
