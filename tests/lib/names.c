#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t word_hash(const char *text)
{
    uint32_t hash = 5381;

    for (; *text; text++)
        hash = hash * 33 ^ (unsigned char)*text;
    return hash;
}

uint32_t name_number(struct names *n, const char *text, bool add)
{
    uint32_t *bucket = &n->buckets[word_hash(text) % 4096];

    for (uint32_t i = *bucket; i; i = n->items[i].hash_next)
        if (strcmp(n->items[i].text, text) == 0)
            return i;
    if (!add)
        return 0;
    if (n->count + 1 >= NAMES_MAX) {
        fprintf(stderr, "names: too many: %s\n", text);
        abort();
    }
    snprintf(n->items[++n->count].text, WORD, "%s", text);
    n->items[n->count].hash_next = *bucket;
    *bucket = n->count;
    return n->count;
}
