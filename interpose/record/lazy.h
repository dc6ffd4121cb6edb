/*
 * lazy.h - locks that a library makes when they are first taken.
 *
 * GLib's GRecMutex and GRWLock are words of the program's, zero at first; the call that takes one makes a pthread lock
 * in a block of its own. Whoever knows the word can take that lock, however new it is: it never is its maker's alone.
 */
#ifndef KIWI_LAZY_H
#define KIWI_LAZY_H

#include "region.h"

/* Whether the object was made by the very call that took it at `stack`, or by another one from the same place. */
bool lazy_made(uint32_t object, uint32_t stack);
#endif
