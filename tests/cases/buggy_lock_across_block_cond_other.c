// expect: lock-across-block HIGH
// where: lock-across-block order_pay
// allow: lock-contention long-hold
// about: an order stays locked while its thread waits on the condition variable of quite another mutex
#include "case.h"
#include <stdbool.h>

struct order {
    pthread_mutex_t lock;
    bool paid;
};

static struct order order = {PTHREAD_MUTEX_INITIALIZER, false};
static pthread_mutex_t bank_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bank_answered = PTHREAD_COND_INITIALIZER;
static bool answer;
static int waiting;

static FRAME bool order_pay(struct order *self)
{
    pthread_mutex_lock(&self->lock);
    pthread_mutex_lock(&bank_lock);
    stage_reach(&waiting, 1);
    while (!answer)
        pthread_cond_wait(&bank_answered, &bank_lock);
    pthread_mutex_unlock(&bank_lock);
    self->paid = true;
    pthread_mutex_unlock(&self->lock);
    return true;
}

static void *customer(void *arg)
{
    order_pay(arg);
    return NULL;
}

static void *bank(void *arg)
{
    nap_ms(250);
    pthread_mutex_lock(&bank_lock);
    answer = true;
    pthread_cond_signal(&bank_answered);
    pthread_mutex_unlock(&bank_lock);
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(customer, &order), b = thread_start(bank, NULL);
    stage_await(&waiting, 1);
    pthread_mutex_lock(&order.lock);
    bool paid = order.paid;
    pthread_mutex_unlock(&order.lock);
    thread_join(a);
    thread_join(b);
    return !paid;
}
