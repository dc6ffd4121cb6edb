#include "ids.h"

#include "../place.h"

#include <stdlib.h>
#include <string.h>

struct ids_entry {
    char *key; /* NULL = free */
    size_t size;
    uint64_t hash;
    uint32_t id;
};

static uint64_t hash_of(const char *key, size_t size)
{
    uint64_t hash = size;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return place_hash(0, hash);
}

static struct ids_entry *entry_for(struct ids_entry *entries, uint32_t capacity, const char *key, size_t size,
                                   uint64_t hash)
{
    for (uint32_t at = (uint32_t)hash;; at++) {
        struct ids_entry *e = &entries[at & (capacity - 1)];

        if (!e->key || (e->hash == hash && e->size == size && memcmp(e->key, key, size) == 0))
            return e;
    }
}

static bool make_room(struct ids *s)
{
    uint32_t capacity = s->capacity ? 2 * s->capacity : 256;
    struct ids_entry *entries;

    if (s->count < s->capacity / 2)
        return true;
    entries = capacity ? calloc(capacity, sizeof *entries) : NULL;
    if (!entries)
        return false;
    for (uint32_t i = 0; i < s->capacity; i++) {
        const struct ids_entry *e = &s->entries[i];

        if (e->key)
            *entry_for(entries, capacity, e->key, e->size, e->hash) = *e;
    }
    free(s->entries);
    s->entries = entries;
    s->capacity = capacity;
    return true;
}

uint32_t ids_get(struct ids *s, const void *key, size_t size, bool *is_new)
{
    uint64_t hash = hash_of(key, size);
    struct ids_entry *e;
    char *copy;

    *is_new = false;
    if (!make_room(s))
        return 0;
    e = entry_for(s->entries, s->capacity, key, size, hash);
    if (e->key)
        return e->id;
    copy = malloc(size + 1);
    if (!copy)
        return 0;
    memcpy(copy, key, size);
    *e = (struct ids_entry){.key = copy, .size = size, .hash = hash, .id = ++s->count};
    *is_new = true;
    return e->id;
}

void ids_release(struct ids *s)
{
    for (uint32_t i = 0; i < s->capacity; i++)
        free(s->entries[i].key);
    free(s->entries);
    *s = (struct ids){0};
}
