/*
 * bytes.h - a piece of memory that grows at its end, and protocol buffers' wire format in it.
 *
 * Out of memory sets `failed`, which whoever is done with it checks once; nothing is added from then on.
 */
#ifndef KIWI_BYTES_H
#define KIWI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    char *data;
    size_t size, capacity;
    bool failed;
};

void bytes_add(struct bytes *b, const void *data, size_t size);
void bytes_text(struct bytes *b, const char *text); /* without its NUL */
void bytes_release(struct bytes *b);

void proto_number(struct bytes *b, unsigned field, uint64_t value); /* 0 is the default, and left out */
void proto_bytes(struct bytes *b, unsigned field, const void *data, size_t size);
/* A message in a message; `inner` is emptied for the next one. */
void proto_message(struct bytes *b, unsigned field, struct bytes *inner);
/* Several numbers of a repeated field, packed. */
void proto_numbers(struct bytes *b, unsigned field, const uint64_t *values, unsigned count);
#endif
