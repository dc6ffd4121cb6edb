// expect: lock-across-block HIGH
// where: lock-across-block pool_get
// allow: lock-contention long-hold no-timeout
// about: a connection pool greets each new peer under its lock: the recv of the banner takes as long as the peer likes
#include "case.h"
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static int open_connections;

static void *peer_main(void *arg)
{
    int fd = *(int *)arg;
    nap_ms(80);
    require(send(fd, "220 ready\n", 10, 0) == 10, "send");
    return NULL;
}

static FRAME int pool_get(int pair[2])
{
    char banner[32];
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    pthread_t peer = thread_start(peer_main, &pair[1]);
    pthread_mutex_lock(&pool_lock);
    ssize_t n = recv(pair[0], banner, sizeof banner, 0);
    open_connections += n > 0;
    pthread_mutex_unlock(&pool_lock);
    thread_join(peer);
    return n > 0 ? pair[0] : -1;
}

static FRAME int pool_size(void)
{
    pthread_mutex_lock(&pool_lock);
    int n = open_connections;
    pthread_mutex_unlock(&pool_lock);
    return n;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 3; i++) {
        int pair[2];
        *(int *)arg += pool_get(pair) >= 0;
        close(pair[0]);
        close(pair[1]);
    }
    return NULL;
}

int main(void)
{
    int got[2] = {0, 0};
    pthread_t a = thread_start(worker, &got[0]), b = thread_start(worker, &got[1]);
    nap_ms(40);
    pool_size();
    thread_join(a);
    thread_join(b);
    return pool_size() != 6;
}
