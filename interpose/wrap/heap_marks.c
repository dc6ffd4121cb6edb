#include "heap_marks.h"

#include "../base/real.h"
#include "../record/misuse.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>

#define RESULT_UNKNOWN (-1)

uint64_t heap_marks_mark;

/* What is in the second word of a block that was all zero when it was freed. */
static uint64_t left_behind(size_t size)
{
    uint64_t *p = real.calloc(1, size);
    if (!p)
        return 0;
    __asm__ volatile("" ::"r"(p) : "memory");
    real.free(p);
    __asm__ volatile("" : "+r"(p)::"memory"); /* by now it is an address */
    return RELAXED_LOAD(&p[1]);
}

/* Which a free list may keep as well; but not the same in lists of other sizes. */
void heap_marks_learn(void)
{
    const void *libc = real_module_of((const void *)gnu_get_libc_version);
    if (!libc || real_module_of((const void *)real.free) != libc || real_module_of((const void *)real.calloc) != libc)
        return;
    uint64_t one = left_behind(200), other = left_behind(600);
    if (one > UINT32_MAX && one == other)
        heap_marks_mark = one;
}

void heap_marks_free(void *p, struct call_site site)
{
    struct thread *t = record_settings.heap >= HEAP_SAMPLE ? thread_enter() : NULL;
    if (!t) {
        real.free(p);
        return;
    }
    int saved = errno;
    guard_set(t);
    uint32_t row = misuse_note(
            t, &(struct misuse_facts){.kind = heap_marks_is_free(p) ? KIWI_MISUSE_FREE_MARKED : KIWI_MISUSE_FREE_UNLIKE,
                                      .stack = stack_of(t, site),
                                      .flags = KIWI_HEAP_MALLOC});
    misuse_result(row, RESULT_UNKNOWN); /* one before it may have come back */
    guard_clear(t);
    errno = saved;
    real.free(p);
    misuse_result(row, 0);
}
