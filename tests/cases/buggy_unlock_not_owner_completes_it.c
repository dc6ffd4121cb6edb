// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner print_page
// about: whoever orders a page locks it twice, to wait for it; the printer unlocks it when it is done
#include "case.h"

static struct page {
    pthread_mutex_t busy;
    int number, lines;
} page = {.busy = PTHREAD_MUTEX_INITIALIZER};

static int ordered, printed;

static FRAME void print_page(struct page *p)
{
    nap_ms(2);
    p->lines += 10 * p->number;
    pthread_mutex_unlock(&p->busy);
}

static FRAME void order_page(struct page *p, int number)
{
    pthread_mutex_lock(&p->busy);
    p->number = number;
    stage_reach(&ordered, number);
    pthread_mutex_lock(&p->busy);
    pthread_mutex_unlock(&p->busy);
}

static void *printer(void *arg)
{
    for (printed = 1; printed <= 10; printed++) {
        stage_await(&ordered, printed);
        print_page(&page);
    }
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(printer, NULL);
    for (int number = 1; number <= 10; number++)
        order_page(&page, number);
    thread_join(thread);
    printf("%d lines\n", page.lines);
    return 0;
}
