/*
 * handler.h - whether a signal handler that runs now may have interrupted anything at all.
 *
 * Looks at the frame that the kernel made for it, and at the handlers that are installed. Some handlers are harmless
 * wherever they run: those of a signal that the thread keeps blocked except while it waits in sigsuspend, ppoll or the
 * like, for then they interrupt nothing else. Others are left out on purpose: those of faults (SIGSEGV, SIGABRT, ...),
 * after which the process usually has nothing left to lose.
 */
#ifndef KIWI_HANDLER_H
#define KIWI_HANDLER_H

#include "../base/compiler.h"

/* Handlers of the service that are called through one of Kiwi's, which stands in for them (wrap/signal.c), by
 * signal. */
#define HANDLER_SIGNALS 65
struct handler_stand_in {
    uintptr_t address;                 /* Kiwi's own, 0 = none is installed */
    uintptr_t behind[HANDLER_SIGNALS]; /* the service's; atomic */
};
extern HIDDEN struct handler_stand_in handler_stand_in;

/* Not a fault's, and none of the C library's own. */
bool handler_is_meant(int signal);

/* The signals for one of which it runs, if it may have; 0 = it may not. Bit 0 is signal 1.
 * context: the ucontext_t in the signal frame; start: address of the function that runs as the handler, 0 = unknown.
 * Async-signal-safe; makes two system calls in the usual case, up to some sixty else. */
uint64_t handler_interrupts(const void *context, uintptr_t start);
#endif
