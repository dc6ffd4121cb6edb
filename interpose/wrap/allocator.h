/*
 * allocator.h - who serves malloc: found out once, for record/allocator.h.
 */
#ifndef KIWI_WRAP_ALLOCATOR_H
#define KIWI_WRAP_ALLOCATOR_H

/* The real functions are known. Before recording begins. */
void allocator_learn(void);
#endif
