/*
 * heap_recursion.h - the call paths that allocate, put together where recursion alone tells them apart.
 *
 *     heap_uses_recursion(u, dies_young, &facts);      // u: heap_uses_open
 *
 * A parser that calls itself for what is nested comes to one `malloc` on as many paths as its input has shapes, each of
 * them with little to its name. From a function to its outermost call on the same path, all frames are one round of
 * recursion after another: without them, such paths are the same.
 */
#ifndef KIWI_HEAP_RECURSION_H
#define KIWI_HEAP_RECURSION_H

#include "heap_use.h"

/* Those of the uses that `wanted` accepts. The one that allocated most stands for all of its kind, with their sum; the
 * others leave the list. -1 = out of memory, with the list as it was. */
int heap_uses_recursion(struct heap_uses *u, bool (*wanted)(const struct heap_use *use, const void *facts),
                        const void *facts);
#endif
