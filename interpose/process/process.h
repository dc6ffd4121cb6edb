/*
 * process.h - start, fork, exec and end of the recorded process.
 */
#ifndef KIWI_PROCESS_H
#define KIWI_PROCESS_H

#include "enter.h"

enum process_state { PROCESS_BOOT, PROCESS_RECORDING, PROCESS_OFF };

extern int process_state; /* enum process_state; atomic */

/* This process continues in a fork child: its own trace, or none. `held` are the locks that the forking thread holds;
 * it may hold `more` that are not named. */
struct fork_held {
    uintptr_t address;
    uint32_t count, flags; /* of struct kiwi_held */
};
#define FORK_HELD 64
#define FORK_UNKNOWN UINT32_MAX /* for `more`: any number */
void process_forked(const struct fork_held *held, uint32_t count, uint32_t more);

/* Attaches a thread that Kiwi has not seen begin; NULL if there is no recording. */
struct thread *process_adopt_thread(void);
/* This thread is being made known, or may not be now: what it and its signal handlers call meanwhile does not do so. */
extern HIDDEN __thread bool process_adopting;

/* The service wants the last key for thread-specific data, and Kiwi has one: gives it up. From then on threads are seen
 * to end only by returning from their start function. false: there was none to give. */
bool process_yield_key(void);
/* The calling thread is about to return from its start function. */
void process_thread_returned(void);

/* This process ends, and not a child that borrows its memory (clone with CLONE_VM). */
bool process_is_own_end(void);
/* The trace is this process's own. Asks the kernel: not for every call. Safe in a signal handler, in a child of any
 * kind too. */
static inline bool process_is_recorded(void)
{
    return process_is_own_end();
}

void process_exec_begin(void);  /* before the real exec */
void process_exec_failed(void); /* it returned */
void process_exiting(int status);

/* No system call may be made from now on (seccomp): go on in the room that is ready. */
void process_freeze(void);

/* The calling thread may be about to lose the time-stamp counter, or every system call that recording takes: it is not
 * recorded any more, nor are threads and children that begin later. */
void process_stop(void);
#endif
