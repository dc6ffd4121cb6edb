// expect: thread-leak HIGH
// where: thread-leak mail_later
/*
 * mail_later() starts a thread for each mail and drops its id. The threads end after a moment, but nobody can join them
 * any more, so each leaves its stack and its descriptor behind. The dispatcher that started them has ended, too.
 *
 * Kiwi prints thread-leak (HIGH): how many of the threads started in mail_later were left, and what each of them keeps.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static atomic_int sent;

static void *mail_send(void *arg)
{
    atomic_fetch_add(&sent, 1);
    return arg;
}

static __attribute__((noinline)) int mail_later(void)
{
    pthread_t id;
    int error = pthread_create(&id, NULL, mail_send, NULL);
    return error; /* and id is gone */
}

static void *dispatch(void *arg)
{
    for (int i = 0; i < 5; i++)
        if (mail_later())
            return NULL;
    return arg;
}

int main(void)
{
    pthread_t dispatcher;
    if (pthread_create(&dispatcher, NULL, dispatch, NULL))
        return 1;
    pthread_join(dispatcher, NULL);
    while (atomic_load(&sent) < 5)
        ;
    nanosleep(&(struct timespec){0, 200000000}, NULL); /* the service goes on with other things */
    printf("%d mails\n", atomic_load(&sent));
    return 0;
}
