/*
 * thread_class.h - threads of one kind: same start function, made at the same place.
 *
 * A class keeps what the trace must still know of its threads when their rows have gone to others: how many began and
 * ended, how close together, how long they lived, and how many nobody joined.
 */
#ifndef KIWI_THREAD_CLASS_H
#define KIWI_THREAD_CLASS_H

#include "memory.h"

/* The class's row, made if needed; 0 = no room. All functions below do nothing for 0. */
uint32_t thread_class_get(uintptr_t start_function, uint32_t create_stack);

void thread_class_began(uint32_t row, uint64_t now); /* ticks */
void thread_class_ended(uint32_t row, uint64_t lived_ticks);
void thread_class_settled(uint32_t row);   /* one of its threads was joined or detached */
void thread_class_forgotten(uint32_t row); /* the row of one that ended without that goes to another thread */
#endif
