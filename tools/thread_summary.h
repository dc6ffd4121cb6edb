/*
 * thread_summary.h - the first lines of a thread dump: what a hung process hangs in, before anybody reads its threads.
 */
#ifndef KIWI_THREAD_SUMMARY_H
#define KIWI_THREAD_SUMMARY_H

#include "thread_dump.h"

/* Circles of waiting threads, and the locks that most threads wait for. Nothing if nobody waits. -1 = out of memory. */
int thread_summary_print(const struct thread_dump *d, FILE *out);
#endif
