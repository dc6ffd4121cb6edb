/*
 * environment.h - setenv without an allocation: the allocator may be the program's own, and not be ready yet.
 */
#ifndef KIWI_ENVIRONMENT_H
#define KIWI_ENVIRONMENT_H

#include <stddef.h>

/* entry: `NAME=value`, which becomes part of the environment as it is; name_length counts the `=`. Replaces the one of
 * that name, else stands at the end. Only while no other thread may look. */
void environment_put(char *entry, size_t name_length);
#endif
