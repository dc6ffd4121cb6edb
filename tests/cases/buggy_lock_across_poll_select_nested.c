// expect: lock-across-poll HIGH
// where: lock-across-poll port_wait
// allow: lock-across-block lock-contention long-hold
// about: select under two locks, three calls below the functions that took them
#include "case.h"
#include <sys/select.h>
#include <unistd.h>

static pthread_mutex_t ports_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t config_lock = PTHREAD_MUTEX_INITIALIZER;
static int port[2], timeout_ms = 80;

static FRAME int port_wait(int fd, int ms)
{
    fd_set set;
    struct timeval limit = {.tv_sec = 0, .tv_usec = ms * 1000};
    FD_ZERO(&set);
    FD_SET(fd, &set);
    int n = select(fd + 1, &set, NULL, NULL, &limit);
    return n < 0 ? -1 : n;
}

static FRAME int port_ready(int fd)
{
    pthread_mutex_lock(&config_lock);
    int n = port_wait(fd, timeout_ms);
    pthread_mutex_unlock(&config_lock);
    return n;
}

static FRAME int ports_scan(void)
{
    pthread_mutex_lock(&ports_lock);
    int n = port_ready(port[0]) + 1;
    pthread_mutex_unlock(&ports_lock);
    return n;
}

static void *scanner(void *arg)
{
    for (int i = 0; i < 4; i++)
        *(int *)arg += ports_scan();
    return NULL;
}

static FRAME int config_change(int ms)
{
    pthread_mutex_lock(&config_lock);
    int old = timeout_ms;
    timeout_ms = ms;
    pthread_mutex_unlock(&config_lock);
    return old;
}

int main(void)
{
    int scans = 0;
    require(pipe(port) == 0, "pipe");
    pthread_t thread = thread_start(scanner, &scans);
    nap_ms(30);
    int old = config_change(60);
    thread_join(thread);
    return old != 80 || scans != 4;
}
