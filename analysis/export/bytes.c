#include "bytes.h"

#include <stdlib.h>
#include <string.h>

/* Wire types. */
enum { VARINT = 0, LENGTH = 2 };

void bytes_add(struct bytes *b, const void *data, size_t size)
{
    if (b->failed || !size)
        return;
    if (size > b->capacity - b->size) {
        size_t capacity = b->capacity ? b->capacity : 256;
        char *grown;

        while (capacity - b->size < size && capacity <= SIZE_MAX / 4)
            capacity *= 2;
        grown = capacity - b->size < size ? NULL : realloc(b->data, capacity);
        if (!grown) {
            b->failed = true;
            return;
        }
        b->data = grown;
        b->capacity = capacity;
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void bytes_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

void bytes_release(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* Seven bits at a time, the lowest first; all but the last with their upper bit set. */
static void varint(struct bytes *b, uint64_t value)
{
    unsigned char text[10];
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        text[n++] = (unsigned char)(value | 0x80);
    text[n++] = (unsigned char)value;
    bytes_add(b, text, n);
}

static void key(struct bytes *b, unsigned field, unsigned type)
{
    varint(b, (uint64_t)field << 3 | type);
}

void proto_number(struct bytes *b, unsigned field, uint64_t value)
{
    if (!value)
        return;
    key(b, field, VARINT);
    varint(b, value);
}

void proto_bytes(struct bytes *b, unsigned field, const void *data, size_t size)
{
    key(b, field, LENGTH);
    varint(b, size);
    bytes_add(b, data, size);
}

void proto_message(struct bytes *b, unsigned field, struct bytes *inner)
{
    proto_bytes(b, field, inner->data, inner->size);
    b->failed |= inner->failed;
    inner->size = 0;
}

void proto_numbers(struct bytes *b, unsigned field, const uint64_t *values, unsigned count)
{
    struct bytes packed = {0};

    for (unsigned i = 0; i < count; i++)
        varint(&packed, values[i]);
    proto_message(b, field, &packed);
    bytes_release(&packed);
}
