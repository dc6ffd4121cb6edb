/*
 * turns.h - two threads that serve one epoll, as the schedulers of Asio and Tokio do: one waits for events while the
 * other one sleeps on a condition variable (with TURNS_BY_FUTEX on a futex) until there is work, or until it is its
 * turn to wait for events.
 */
#ifndef CASE_TURNS_H
#define CASE_TURNS_H

#include "loop_case.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#define CLIENTS 4
#define WORK_MOST 64

static struct turns {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned changes;
    int set, wake_up, polling, idle, open, work[WORK_MOST], count;
    void (*on_event)(int);
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .open = CLIENTS};

static FRAME void turn_sleep(void)
{
    turns.idle++;
#ifdef TURNS_BY_FUTEX
    unsigned seen = turns.changes;
    pthread_mutex_unlock(&turns.lock);
    syscall(SYS_futex, &turns.changes, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    pthread_mutex_lock(&turns.lock);
#else
    pthread_cond_wait(&turns.changed, &turns.lock);
#endif
    turns.idle--;
}

/* With the lock held. */
static void turn_wake(int how_many)
{
#ifdef TURNS_BY_FUTEX
    __atomic_add_fetch(&turns.changes, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &turns.changes, FUTEX_WAKE_PRIVATE, how_many, NULL, NULL, 0);
#else
    if (how_many == 1)
        pthread_cond_signal(&turns.changed);
    else
        pthread_cond_broadcast(&turns.changed);
#endif
}

/* Without the lock; what came goes to the end of the queue. */
static FRAME void turn_poll(void)
{
    struct epoll_event events[EPOLL_EVENTS];
    turns.polling = 1;
    pthread_mutex_unlock(&turns.lock);
    int n = epoll_wait(turns.set, events, EPOLL_EVENTS, -1);
    pthread_mutex_lock(&turns.lock);
    turns.polling = 0;
    for (int i = 0; i < n && turns.count < WORK_MOST; i++)
        if (events[i].data.u32 != (unsigned)turns.wake_up)
            turns.work[turns.count++] = (int)events[i].data.u32;
    if (turns.idle)
        turn_wake(1);
}

static FRAME void *turn_run(void *arg)
{
    pthread_mutex_lock(&turns.lock);
    while (turns.open > 0) {
        if (turns.count) {
            int fd = turns.work[--turns.count];
            if (turns.idle && !turns.polling)
                turn_wake(1);
            pthread_mutex_unlock(&turns.lock);
            turns.on_event(fd);
            pthread_mutex_lock(&turns.lock);
        } else if (turns.polling) {
            turn_sleep();
        } else {
            turn_poll();
        }
    }
    turn_wake(INT_MAX);
    pthread_mutex_unlock(&turns.lock);
    return arg;
}

static FRAME void turn_arm(int fd, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data = {.u32 = (unsigned)fd}};
    require(epoll_ctl(turns.set, operation, fd, &event) == 0, "epoll_ctl");
}

/* Each of the clients speaks in turn, `words` times in all, and after a silence once more. */
static void turns_serve(void (*on_event)(int), int words)
{
    int inside[CLIENTS], outside[CLIENTS];
    turns.set = epoll_create1(0);
    turns.on_event = on_event;
    turns.wake_up = eventfd(0, 0);
    turn_arm(turns.wake_up, EPOLL_CTL_ADD);
    for (int i = 0; i < CLIENTS; i++) {
        pair_make(&inside[i], &outside[i]);
        turn_arm(inside[i], EPOLL_CTL_ADD);
    }
    pthread_t one = thread_start(turn_run, NULL), other = thread_start(turn_run, NULL);
    for (int i = 0; i < words; i++) {
        say(outside[i % CLIENTS], 'q');
        if (i % 8 == 7)
            nap_ms(70);
        else
            nap_ms(5);
    }
    nap_ms(1200);
    for (int i = 0; i < CLIENTS; i++)
        say(outside[i], 'q');
    nap_ms(20);
    for (int i = 0; i < CLIENTS; i++)
        close(outside[i]);
    thread_join(one);
    thread_join(other);
    for (int i = 0; i < CLIENTS; i++)
        close(inside[i]);
    close(turns.wake_up);
    close(turns.set);
}

/* What a handler does after it: the client may speak again, or has gone. */
static void turn_done(int fd, char word)
{
    if (word) {
        turn_arm(fd, EPOLL_CTL_MOD);
        return;
    }
    pthread_mutex_lock(&turns.lock);
    if (--turns.open == 0)
        require(eventfd_write(turns.wake_up, 1) == 0, "eventfd");
    pthread_mutex_unlock(&turns.lock);
}
#endif
