// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner limiter_admit
/*
 * A rate limiter. limiter_admit() unlocks on its error path and then falls into the common end, which unlocks again.
 * Most of the time nobody notices: the second unlock finds the mutex free. When another thread has just taken it, that
 * thread's critical section is thrown open.
 *
 * Kiwi prints unlock-not-owner (CRITICAL) at the second unlock, and how often it happened.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

struct limiter {
    pthread_mutex_t lock;
    int tokens;
    int refused;
};

static struct limiter limiter = {PTHREAD_MUTEX_INITIALIZER, 40, 0};

static __attribute__((noinline)) int limiter_admit(struct limiter *self, int cost)
{
    int error = 0;
    pthread_mutex_lock(&self->lock);
    if (cost <= 0) {
        self->refused++;
        pthread_mutex_unlock(&self->lock);
        error = EINVAL;
        goto out;
    }
    if (self->tokens < cost) {
        error = EAGAIN;
        goto out;
    }
    self->tokens -= cost;
out:
    pthread_mutex_unlock(&self->lock);
    return error;
}

static void *client(void *arg)
{
    int *admitted = arg;
    for (int i = 0; i < 20; i++)
        *admitted += limiter_admit(&limiter, i % 7) == 0;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int admitted = 0;
    if (pthread_create(&thread, NULL, client, &admitted))
        return 1;
    pthread_join(thread, NULL);
    printf("%d admitted, %d refused\n", admitted, limiter.refused);
    return 0;
}
