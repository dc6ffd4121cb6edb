/*
 * scope.h - pieces of work that the program names (kiwi.h): how often, and how long.
 *
 *     scope_begin(t, "parse");
 *     ...
 *     scope_end(t, "parse");
 *
 * A scope is a row of LOOPS; `thread.scope` is that of the innermost open one. The guard is set in both.
 */
#ifndef KIWI_SCOPE_H
#define KIWI_SCOPE_H

#include "memory.h"

void scope_begin(struct thread *t, const char *name);
void scope_end(struct thread *t, const char *name);
#endif
