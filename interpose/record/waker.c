#include "waker.h"

static uint32_t known; /* atomic; in memory that a fork keeps */

void waker_note(uint32_t waker)
{
    __atomic_fetch_or(&known, waker, __ATOMIC_SEQ_CST); /* pairs with waker_fill: one of both enters it */
    struct kiwi_header *h = __atomic_load_n(&region.header, __ATOMIC_SEQ_CST);
    if (h && !(RELAXED_LOAD(&h->wakers) & waker))
        __atomic_fetch_or(&h->wakers, waker, __ATOMIC_RELAXED);
}

void waker_fill(bool child)
{
    if (child)
        __atomic_fetch_and(&known, KIWI_WAKER_HANDLER, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&region.header->wakers, __atomic_load_n(&known, __ATOMIC_SEQ_CST), __ATOMIC_RELAXED);
}
