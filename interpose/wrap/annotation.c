/*
 * annotation.c - what the program says about itself through kiwi.h.
 */
#include "../kiwi.h"
#include "../process/enter.h"
#include "../record/loop.h"
#include "../record/scope.h"
#include "../record/stack.h"

EXPORT void kiwi_note_scope_begin(const char *name)
{
    struct thread *t = thread_enter();
    if (!t || !name)
        return;
    guard_set(t);
    scope_begin(t, name);
    guard_clear(t);
}

EXPORT void kiwi_note_scope_end(const char *name)
{
    struct thread *t = thread_enter();
    if (!t || !name)
        return;
    guard_set(t);
    scope_end(t, name);
    guard_clear(t);
}

EXPORT void kiwi_note_tick_begin(const char *name)
{
    struct call_site site = CALL_SITE();
    struct thread *t = thread_enter();
    if (!t || !name)
        return;
    guard_set(t);
    loop_said(t, name, t->loop.name == name ? 0 : stack_of(t, site));
    guard_clear(t);
}

EXPORT void kiwi_note_tick_end(void)
{
    struct thread *t = thread_enter();
    if (!t)
        return;
    guard_set(t);
    loop_said_end(t);
    guard_clear(t);
}

EXPORT void kiwi_note_thread_role(const char *role)
{
    struct thread *t = thread_enter();
    if (!t || !role)
        return;
    guard_set(t);
    thread_name(t->row, role);
    guard_clear(t);
}
