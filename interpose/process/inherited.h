/*
 * inherited.h - locks that other threads held when the process forked. In the child nobody can release them.
 *
 * The list is plain memory, which the fork copies. Every function runs with the guard set.
 */
#ifndef KIWI_INHERITED_H
#define KIWI_INHERITED_H

#include "../record/stack.h"

/* In the parent, as late before the fork as possible: what all threads but `self` hold. NULL: not known. */
void inherited_collect(struct thread *self, struct call_site fork_site);
/* In the parent: whether processes share this lock. Then it stays the parent's, who will release it: the child has no
 * copy of its own. */
bool inherited_stays(const struct kiwi_held *held);
/* In the child, once its recording has begun: one misuse row for each that was still held at the fork. */
void inherited_note(struct thread *t);
/* Somebody in the child asks for a taken lock at this stack: the misuse row, 0 = it is not one of them. */
uint32_t inherited_wanted(struct thread *t, uintptr_t address, uint32_t stack);
/* The child ends, by exit() or else: which of them were made anew meanwhile, and whether it went on as if nothing had
 * happened. */
void inherited_end(const struct thread *t, bool by_exit);

extern HIDDEN uint32_t inherited_count; /* in the child; 0 in a process that was not forked */
void inherited_forget(void);            /* another process begins, of which nothing is known */
#endif
