// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle orders_add|orders_report
// about: C11 mutexes and threads: adding an order takes the book and then the log, the report the log and then the book
#include "case.h"
#include <threads.h>

static mtx_t book_lock, log_lock;
static int orders, lines, stage;

static FRAME void orders_add(void)
{
    mtx_lock(&book_lock);
    orders++;
    mtx_lock(&log_lock);
    lines++;
    mtx_unlock(&log_lock);
    mtx_unlock(&book_lock);
}

static FRAME int orders_report(void)
{
    mtx_lock(&log_lock);
    mtx_lock(&book_lock);
    int n = orders;
    lines += n;
    mtx_unlock(&book_lock);
    mtx_unlock(&log_lock);
    return n;
}

static int adder(void *arg)
{
    for (int i = 0; i < 100; i++)
        orders_add();
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    (void)arg;
    return 0;
}

static int reporter(void *arg)
{
    stage_await(&stage, 1);
    *(int *)arg = orders_report();
    stage_reach(&stage, 2);
    return 0;
}

int main(void)
{
    thrd_t a, b;
    int n = 0;
    require(mtx_init(&book_lock, mtx_plain) == thrd_success, "mtx_init");
    require(mtx_init(&log_lock, mtx_timed) == thrd_success, "mtx_init");
    require(thrd_create(&a, adder, NULL) == thrd_success, "thrd_create");
    require(thrd_create(&b, reporter, &n) == thrd_success, "thrd_create");
    thrd_join(a, NULL);
    thrd_join(b, NULL);
    mtx_destroy(&log_lock);
    mtx_destroy(&book_lock);
    return n != 100;
}
