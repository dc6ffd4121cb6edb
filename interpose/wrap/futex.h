/*
 * futex.h - where syscall() goes with SYS_futex, see syscall.S. The arguments are those of syscall() itself.
 */
#ifndef KIWI_WRAP_FUTEX_H
#define KIWI_WRAP_FUTEX_H

long syscall_futex(long number, long word, long operation, long a3, long a4, long a5, long a6);
#endif
