/*
 * spin.h - glibc's spinlock seen from outside: one word, which does not tell who owns it.
 */
#ifndef KIWI_WRAP_SPIN_H
#define KIWI_WRAP_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* The memory must be there. */
bool spin_looks_held(uintptr_t address);
#endif
