// expect: deadlock CRITICAL
// where: deadlock ledger_transfer
// allow: lock-order-cycle lock-order-instances
// kill: 0.6
// about: two priority-inheriting account locks, taken in the direction of the payment by two tellers at once
#include "case.h"

struct account {
    pthread_mutex_t lock;
    long cents;
};

static struct account checking, savings;
static int holding;

static FRAME long ledger_transfer(struct account *from, struct account *to, long cents)
{
    pthread_mutex_lock(&from->lock);
    stage_arrive(&holding);
    stage_await(&holding, 2);
    pthread_mutex_lock(&to->lock);
    from->cents -= cents;
    to->cents += cents;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
    return cents;
}

static void *teller_in(void *arg)
{
    ledger_transfer(&checking, &savings, *(long *)arg);
    return NULL;
}

static void *teller_out(void *arg)
{
    ledger_transfer(&savings, &checking, *(long *)arg);
    return NULL;
}

int main(void)
{
    long cents = 500;
    mutex_init_kind(&checking.lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    mutex_init_kind(&savings.lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    pthread_t a = thread_start(teller_in, &cents), b = thread_start(teller_out, &cents);
    thread_join(a);
    thread_join(b);
    return 0;
}
