/*
 * thread_sites.h - the places where threads are made, with what became of the threads.
 *
 *     struct thread_sites s;
 *     if (thread_sites_make(&s, m)) out of memory;
 *     for (uint32_t i = 0; i < s.count; i++) use(&s.items[i]);
 *     struct thread_site *one = thread_sites_of_class(&s, thread->thread_class);   // NULL: not made by pthread_create
 *     thread_sites_release(&s);
 *
 * Call paths that end in the same function and start the same one are one site, in every run of the same binaries.
 */
#ifndef KIWI_THREAD_SITES_H
#define KIWI_THREAD_SITES_H

#include "../model.h"

struct thread_site {
    uint64_t key;
    uint32_t stack;           /* of the creating call; of several call paths the one that came first */
    uint32_t forgotten_stack; /* of one that started threads whose rows were given away before anybody joined them */
    uint64_t started, ended, settled, forgotten;
    uint64_t first_ticks, last_ticks; /* first and latest start */
    uint32_t busy_windows;            /* of the class that has most */
    uint64_t busy_started;
    uint64_t lives[KIWI_CLASS_LIVES];
};

struct thread_sites {
    struct thread_site *items;
    uint32_t count;
    uint32_t *of_class; /* by class row: 1 + index, 0 = none */
    uint32_t classes;
};

int thread_sites_make(struct thread_sites *s, struct model *m); /* -1 when out of memory */
struct thread_site *thread_sites_of_class(struct thread_sites *s, uint32_t class_row);
void thread_sites_release(struct thread_sites *s);
/* Lifetime in ticks below which `percent` of the ended threads stayed: the upper bound of a power of two. */
uint64_t thread_site_life(const struct thread_site *s, unsigned percent);
#endif
