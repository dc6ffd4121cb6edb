#include "leaks.h"

#include "enter.h"
#include "process.h"

#define STACK_LEFT (64u << 10) /* less than that, and nothing is searched for */

/* glibc, for C++: calls the destructor when the thread, or the process by it, ends. */
extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *module);
extern void *__dso_handle __attribute__((visibility("hidden")));

static bool forked;

char leaks_left_on_stack[LEAK_STACK] __attribute__((aligned(16)));
bool leaks_stack_kept;

static NOINLINE void search(struct thread *t, bool late)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    if (forked || !leak_is_wanted() || !process_is_own_end() || frame < t->stack_low + STACK_LEFT ||
        frame >= t->stack_high)
        return;
    if (!leaks_stack_kept)
        leaks_keep_stack();
    leak_search(frame, late);
}

static void first_thread_exits(void *self)
{
    struct thread *t = kiwi_self;
    (void)self;
    if (t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    search(t, false);
    guard_clear(t);
}

void leaks_hook(void)
{
    __cxa_thread_atexit_impl(first_thread_exits, NULL, &__dso_handle);
}

void leaks_at_exit(void)
{
    struct thread *t = kiwi_self;
    if (t->guard != GUARD_IDLE || forked)
        return;
    guard_set(t);
    search(t, true);
    leak_note();
    guard_clear(t);
}

void leaks_forked(void)
{
    forked = true;
}
