// expect: cond-two-mutexes CRITICAL
// where: cond-two-mutexes mailbox_get
/*
 * Two mailboxes have a mutex each, but announce their mail on one condition variable. Both readers wait on it at the
 * same time, each with the mutex of its mailbox, which is undefined; and a signal for one of them may wake the other.
 *
 * Kiwi prints cond-two-mutexes (CRITICAL): the condition variable, both mutexes, and who waited with which of them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

struct mailbox {
    pthread_mutex_t lock;
    int mails;
};

static struct mailbox inbox = {PTHREAD_MUTEX_INITIALIZER, 0}, outbox = {PTHREAD_MUTEX_INITIALIZER, 0};
static pthread_cond_t mail_came = PTHREAD_COND_INITIALIZER;
static atomic_int got;

static __attribute__((noinline)) void mailbox_get(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    while (!box->mails)
        pthread_cond_wait(&mail_came, &box->lock);
    box->mails--;
    pthread_mutex_unlock(&box->lock);
}

static void mailbox_put(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->mails++;
    pthread_cond_broadcast(&mail_came);
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
