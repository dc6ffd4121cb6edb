// expect: deadlock CRITICAL
// where: deadlock post|audit
// kill: 2
// about: two locks made of futexes in opposite orders, each thread with one of them in hand
#include "futex_mutex.h"

static struct futex_mutex ledger_lock, audit_lock;
static int posting, auditing, entries;

static FRAME void post(void)
{
    futex_mutex_lock(&ledger_lock);
    stage_reach(&posting, 1);
    stage_await(&auditing, 1);
    futex_mutex_lock(&audit_lock);
    entries++;
    futex_mutex_unlock(&audit_lock);
    futex_mutex_unlock(&ledger_lock);
}

static FRAME void audit(void)
{
    futex_mutex_lock(&audit_lock);
    stage_reach(&auditing, 1);
    stage_await(&posting, 1);
    futex_mutex_lock(&ledger_lock);
    entries--;
    futex_mutex_unlock(&ledger_lock);
    futex_mutex_unlock(&audit_lock);
}

static void *poster(void *unused)
{
    post();
    return unused;
}

static void *auditor(void *unused)
{
    audit();
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, poster, NULL);
    pthread_create(&threads[1], NULL, auditor, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
