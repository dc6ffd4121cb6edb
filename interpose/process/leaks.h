/*
 * leaks.h - when the search for lost heap blocks (record/leak.h) is made.
 *
 * A search is best made before any exit handler: the destructors of static objects free the containers that alone refer
 * to what a program never means to free. exit() runs the destructors of the thread's own variables first; one of them,
 * registered before all others, is the place.
 */
#ifndef KIWI_LEAKS_H
#define KIWI_LEAKS_H

#include "../base/sys.h"
#include "../record/leak.h"

/*
 * What functions have left below the stack's end may be the last that is known of a block: main's own variables, once
 * it has returned. What is called next writes over it, so it is copied first. Here it is read like any other data.
 */
extern HIDDEN char leaks_left_on_stack[LEAK_STACK];
extern HIDDEN bool leaks_stack_kept;

static ALWAYS_INLINE void leaks_keep_stack(void)
{
    uintptr_t end, from;
    char *to = leaks_left_on_stack;
    __asm__ volatile("mov %%rsp, %0" : "=r"(end));
    for (from = (end - LEAK_STACK + 15) & ~(uintptr_t)15; !sys_readable(from) && from + 4096 < end; to += 4096)
        from += 4096;
    uint64_t words = (end - from) / 8;
    __asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
    leaks_stack_kept = true;
}

/* Once, in the first thread, before main: it allocates, and the allocator may be the program's own. */
void leaks_hook(void);
/* After the exit handlers. */
void leaks_at_exit(void);
/* This process is a forked child, where nothing is searched for. */
void leaks_forked(void);
#endif
