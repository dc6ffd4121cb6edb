/*
 * waker.h - what can end a wait in this process besides the threads that Kiwi knows: signal handlers, and threads that
 * no wrapper has made. Noted in the trace's header (`wakers`), since a process in which all known threads wait may then
 * go on by itself.
 *
 *     waker_note(KIWI_WAKER_HANDLER);
 *
 * Any thread, any time; async-signal-safe; makes no system call.
 */
#ifndef KIWI_WAKER_H
#define KIWI_WAKER_H

#include "region.h"

/* Flags of clone that make a thread, or a process on the same memory that the caller does not wait for. */
static inline bool waker_is_thread(unsigned long clone_flags)
{
    return (clone_flags & 0x00000100ul) && !(clone_flags & 0x00004000ul); /* CLONE_VM, CLONE_VFORK */
}

/* waker: enum kiwi_waker. Kept until a trace is open. */
void waker_note(uint32_t waker);
/* In a new trace. A forked child has the handlers of its parent, but none of its threads. */
void waker_fill(bool child);
#endif
