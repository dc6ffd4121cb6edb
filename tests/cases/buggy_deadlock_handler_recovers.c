// expect: deadlock CRITICAL
// where: deadlock invoice_post
// where: deadlock ledger_close
// allow: lock-order-cycle
// kill: 0.8
// about: two threads that wait for each other run a signal handler, which recovers from an error by a jump inside itself
#include "case.h"

#include <setjmp.h>
#include <signal.h>

static pthread_mutex_t invoice_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ledger_lock = PTHREAD_MUTEX_INITIALIZER;
static int have_one, probes;

static void probe(int number)
{
    sigjmp_buf failed;
    if (sigsetjmp(failed, 0) == 0)
        siglongjmp(failed, number);
    __atomic_add_fetch(&probes, 1, __ATOMIC_SEQ_CST);
}

static FRAME void invoice_post(void)
{
    pthread_mutex_lock(&invoice_lock);
    stage_arrive(&have_one);
    stage_await(&have_one, 2);
    pthread_mutex_lock(&ledger_lock);
    pthread_mutex_unlock(&ledger_lock);
    pthread_mutex_unlock(&invoice_lock);
}

static FRAME void ledger_close(void)
{
    pthread_mutex_lock(&ledger_lock);
    stage_arrive(&have_one);
    stage_await(&have_one, 2);
    pthread_mutex_lock(&invoice_lock);
    pthread_mutex_unlock(&invoice_lock);
    pthread_mutex_unlock(&ledger_lock);
}

static void *post(void *arg)
{
    invoice_post();
    return arg;
}

static void *close_books(void *arg)
{
    ledger_close();
    return arg;
}

int main(void)
{
    struct sigaction action = {.sa_handler = probe};
    must(sigaction(SIGUSR1, &action, NULL), "sigaction");
    pthread_t a = thread_start(post, NULL), b = thread_start(close_books, NULL);
    nap_ms(200);
    pthread_kill(a, SIGUSR1);
    pthread_kill(b, SIGUSR1);
    stage_await(&probes, 2);
    thread_join(a);
    thread_join(b);
    return 0;
}
