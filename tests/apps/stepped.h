/*
 * stepped.h - what stepped_locks (the stepped program) and step_check (its tracer) share: a page with the locks in it.
 *
 * The program sets `stepping` right before a call and traps; from there the tracer takes one instruction at a time and
 * compares locks and trace after each, until `stepping` is 0 again.
 *
 * With `interrupting` the program makes the same call again and again and traps after it, too. The tracer lets a signal
 * handler run at its first instruction, then at its second, and so on; `passed` says that the call was over before.
 */
#ifndef KIWI_TESTS_STEPPED_H
#define KIWI_TESTS_STEPPED_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#define STEPPED_FD 9 /* the program finds the page under this descriptor */

enum stepped_kind { STEPPED_UNUSED, STEPPED_MUTEX, STEPPED_RWLOCK, STEPPED_SPIN, STEPPED_SEMAPHORE };

struct stepped_lock {
    union {
        pthread_mutex_t mutex;
        pthread_rwlock_t rwlock;
        pthread_spinlock_t spin;
        sem_t semaphore; /* begins at 1 */
    };
    enum stepped_kind kind;
};

#define STEPPED_LOCKS 16

struct stepped {
    volatile uint32_t stepping, interrupting, passed;
    uint32_t tid;    /* of the stepped thread */
    uintptr_t here;  /* address of this page in the program */
    char call[96];   /* what is stepped through */
    char passes[16]; /* "first", "later": which time */
    struct stepped_lock locks[STEPPED_LOCKS];
};
#endif
