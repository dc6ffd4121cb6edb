// expect: none
/*
 * cond_two_mutexes.c, mended: each mailbox has a condition variable of its own.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t mail_came;
    int mails;
};

static struct mailbox inbox = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
static struct mailbox outbox = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
static atomic_int got;

static __attribute__((noinline)) void mailbox_get(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    while (!box->mails)
        pthread_cond_wait(&box->mail_came, &box->lock);
    box->mails--;
    pthread_mutex_unlock(&box->lock);
}

static void mailbox_put(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->mails++;
    pthread_cond_broadcast(&box->mail_came);
    pthread_mutex_unlock(&box->lock);
}

static void *reader(void *box)
{
    mailbox_get(box);
    atomic_fetch_add(&got, 1);
    return NULL;
}

int main(void)
{
    pthread_t one, two;
    if (pthread_create(&one, NULL, reader, &inbox) || pthread_create(&two, NULL, reader, &outbox))
        return 1;
    nanosleep(&(struct timespec){0, 300000000}, NULL); /* both wait by now */
    mailbox_put(&inbox);
    mailbox_put(&outbox);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    printf("%d mails\n", atomic_load(&got));
    return 0;
}
