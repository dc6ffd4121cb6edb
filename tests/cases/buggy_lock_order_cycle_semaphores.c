// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle deposit
// where: lock-order-cycle audit
// about: binary semaphores serve as locks, and two threads take two of them in both orders, letting go in the order of taking
#include "case.h"

#include <semaphore.h>

static sem_t vault, ledger;
static int done, sum;

static FRAME void deposit(void)
{
    sem_wait(&vault);
    sem_wait(&ledger);
    sum++;
    sem_post(&vault);
    sem_post(&ledger);
}

static FRAME void audit(void)
{
    sem_wait(&ledger);
    sem_wait(&vault);
    sum--;
    sem_post(&ledger);
    sem_post(&vault);
}

static void *depositor(void *arg)
{
    for (int i = 0; i < 50; i++)
        deposit();
    stage_reach(&done, 1);
    stage_await(&done, 2);
    return arg;
}

static void *auditor(void *arg)
{
    stage_await(&done, 1);
    for (int i = 0; i < 50; i++)
        audit();
    stage_reach(&done, 2);
    return arg;
}

int main(void)
{
    require(sem_init(&vault, 0, 1) == 0 && sem_init(&ledger, 0, 1) == 0, "sem_init");
    pthread_t a = thread_start(depositor, NULL), b = thread_start(auditor, NULL);
    thread_join(a);
    thread_join(b);
    return sum;
}
