#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)16 << 10)
#define ALIGNMENT 16u

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used; /* bytes of data */
    _Alignas(ALIGNMENT) char data[];
};

static struct arena_chunk *chunk_open(size_t size)
{
    struct arena_chunk *chunk = calloc(1, sizeof *chunk + size);
    if (chunk)
        chunk->size = size;
    return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > (size_t)1 << 40)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    struct arena_chunk *chunk = a->chunks;
    if (!chunk || chunk->size - chunk->used < size) {
        chunk = chunk_open(size > CHUNK_BYTES ? size : CHUNK_BYTES);
        if (!chunk)
            return NULL;
        chunk->next = a->chunks;
        a->chunks = chunk;
    }
    void *block = chunk->data + chunk->used;
    chunk->used += size;
    return block;
}

char *arena_copy(struct arena *a, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_alloc(a, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *arena_format(struct arena *a, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;

    char *text = arena_alloc(a, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void arena_release(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *next = a->chunks->next;
        free(a->chunks);
        a->chunks = next;
    }
}
