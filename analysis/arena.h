/*
 * arena.h - text and small blocks that live as long as their owner and are freed all at once.
 *
 *     struct arena names = {0};
 *     const char *s = arena_format(&names, "T%u", serial);
 *     arena_release(&names);
 *
 * Blocks never move. All functions return NULL when out of memory. Not thread-safe.
 */
#ifndef KIWI_ARENA_H
#define KIWI_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks;
};

void *arena_alloc(struct arena *a, size_t size); /* zeroed, 16-aligned */
char *arena_copy(struct arena *a, const char *text);
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *a);
#endif
