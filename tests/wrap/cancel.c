/* Cancellation in every wrapped cancellation point: a request that finds the thread waiting, and one that came
 * before. */
#include "transcript.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

static int pipe_ends[2], pair[2], listener, ep, file;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t sleeper;
static char buffer[64];
static struct iovec part = {buffer, sizeof buffer};

static void in_read(void)
{
    read(pipe_ends[0], buffer, sizeof buffer);
}
static void in_readv(void)
{
    readv(pipe_ends[0], &part, 1);
}
static void in_poll(void)
{
    struct pollfd p = {pipe_ends[0], POLLIN, 0};
    poll(&p, 1, -1);
}
static void in_ppoll(void)
{
    struct pollfd p = {pipe_ends[0], POLLIN, 0};
    ppoll(&p, 1, NULL, NULL);
}
static void in_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    select(pipe_ends[0] + 1, &set, NULL, NULL, NULL);
}
static void in_pselect(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    pselect(pipe_ends[0] + 1, &set, NULL, NULL, NULL, NULL);
}
static void in_epoll_wait(void)
{
    struct epoll_event e;
    epoll_wait(ep, &e, 1, -1);
}
static void in_epoll_pwait(void)
{
    struct epoll_event e;
    epoll_pwait(ep, &e, 1, -1, NULL);
}
static void in_epoll_pwait2(void)
{
    struct epoll_event e;
    struct timespec t = {60, 0};
    epoll_pwait2(ep, &e, 1, &t, NULL);
}
static void in_nanosleep(void)
{
    struct timespec t = {60, 0};
    nanosleep(&t, NULL);
}
static void in_clock_nanosleep(void)
{
    struct timespec t = {60, 0};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}
static void in_usleep(void)
{
    usleep(60000000);
}
static void in_sleep(void)
{
    sleep(60);
}
static void in_recv(void)
{
    recv(pair[0], buffer, sizeof buffer, 0);
}
static void in_recvfrom(void)
{
    recvfrom(pair[0], buffer, sizeof buffer, 0, NULL, NULL);
}
static void in_recvmsg(void)
{
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    recvmsg(pair[0], &m, 0);
}
static void in_recvmmsg(void)
{
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    recvmmsg(pair[0], &m, 1, 0, NULL);
}
static void in_accept(void)
{
    accept(listener, NULL, NULL);
}
static void in_accept4(void)
{
    accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}
static void in_join(void)
{
    pthread_join(sleeper, NULL);
}
static void in_timedjoin(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);
    pthread_timedjoin_np(sleeper, NULL, &until);
}

/* Points that do not wait here; they act on a request that came before. */
static void in_write(void)
{
    write(file, buffer, 1);
}
static void in_writev(void)
{
    writev(file, &part, 1);
}
static void in_send(void)
{
    send(pair[0], buffer, 1, 0);
}
static void in_fsync(void)
{
    fsync(file);
}
static void in_connect(void)
{
    connect(file, NULL, 0);
}

static const struct point {
    const char *name;
    void (*enter)(void);
    bool waits;
} points[] = {
        {"read", in_read, true},
        {"readv", in_readv, true},
        {"poll", in_poll, true},
        {"ppoll", in_ppoll, true},
        {"select", in_select, true},
        {"pselect", in_pselect, true},
        {"epoll_wait", in_epoll_wait, true},
        {"epoll_pwait", in_epoll_pwait, true},
        {"epoll_pwait2", in_epoll_pwait2, true},
        {"nanosleep", in_nanosleep, true},
        {"clock_nanosleep", in_clock_nanosleep, true},
        {"usleep", in_usleep, true},
        {"sleep", in_sleep, true},
        {"recv", in_recv, true},
        {"recvfrom", in_recvfrom, true},
        {"recvmsg", in_recvmsg, true},
        {"recvmmsg", in_recvmmsg, true},
        {"accept", in_accept, true},
        {"accept4", in_accept4, true},
        {"pthread_join", in_join, true},
        {"pthread_timedjoin_np", in_timedjoin, true},
        {"write", in_write, false},
        {"writev", in_writev, false},
        {"send", in_send, false},
        {"fsync", in_fsync, false},
        {"connect", in_connect, false},
};

static struct turns turns;

static void cleanup(void *name)
{
    outcome("cleanup: unlock", pthread_mutex_unlock(&mutex));
    say("cleanup after %s", (const char *)name);
}

static void *wait_there(void *arg)
{
    const struct point *p = arg;
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(cleanup, (void *)p->name);
    turn_next(&turns, 1);
    p->enter();
    say("%s returned", p->name);
    pthread_testcancel();
    say("not reached");
    pthread_cleanup_pop(0);
    return NULL;
}

static void *ask_first(void *arg)
{
    const struct point *p = arg;
    int old;
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(cleanup, (void *)p->name);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    pthread_cancel(pthread_self());
    pause_ms(1);
    pthread_setcancelstate(old, NULL);
    p->enter();
    say("%s returned", p->name);
    pthread_testcancel();
    say("not reached");
    pthread_cleanup_pop(0);
    return NULL;
}

static void ended(pthread_t id)
{
    void *value = NULL;
    pthread_join(id, &value);
    if (value != PTHREAD_CANCELED)
        say("ended by itself");
}

static void try_point(const struct point *p)
{
    if (p->waits) {
        turns.step = 0;
        pthread_t id = start(wait_there, (void *)p);
        turn_wait(&turns, 1);
        pause_ms(3);
        pthread_cancel(id);
        ended(id);
    }
    say("-- %s, request before", p->name);
    ended(start(ask_first, (void *)p));
}

static void *spin_asynchronously(void *unused)
{
    volatile unsigned long turns_made = 0;
    int old;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    turn_next(&turns, 1);
    for (;;)
        turns_made++;
    return unused;
}

/* Not allowed by the standard, yet done: asynchronous cancellation may hit inside the wrappers. */
static void *lock_asynchronously(void *unused)
{
    int old;
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    turn_next(&turns, 1);
    for (;;) {
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
    }
    return unused;
}

static void *sleep_long(void *unused)
{
    pause_ms(600000);
    return unused;
}

int main(void)
{
    struct epoll_event in = {.events = EPOLLIN};
    if (pipe(pipe_ends) || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
        return 1;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    listen(listener, 1);
    ep = epoll_create1(0);
    epoll_ctl(ep, EPOLL_CTL_ADD, pipe_ends[0], &in);
    file = fileno(tmpfile());
    sleeper = start(sleep_long, NULL);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        try_point(&points[i]);
    for (int i = 0; i < 50; i++) {
        turns.step = 0;
        pthread_t id = start(i % 2 ? spin_asynchronously : lock_asynchronously, NULL);
        turn_wait(&turns, 1);
        usleep((useconds_t)i * 7);
        pthread_cancel(id);
        ended(id);
    }
    pthread_cancel(sleeper);
    ended(sleeper);
    outcome("the mutex is free: lock", pthread_mutex_lock(&mutex));
    outcome("unlock", pthread_mutex_unlock(&mutex));
    return 0;
}
