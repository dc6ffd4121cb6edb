// expect: none
/*
 * thread_leak.c, mended: nobody waits for the mail threads, so mail_later() detaches each of them.
 *
 * Kiwi prints no finding.
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
    return error ? error : pthread_detach(id);
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
