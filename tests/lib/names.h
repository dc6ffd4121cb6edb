/*
 * names.h - words to numbers, in order of their appearance: threads, locks and places of a history.
 */
#ifndef KIWI_TEST_NAMES_H
#define KIWI_TEST_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define WORD 48u /* bytes of a word, its end included */
#define NAMES_MAX 40000u

struct name {
    char text[WORD];
    uint32_t hash_next;
};

struct names {
    struct name *items;
    uint32_t count, buckets[4096];
};

/* Number of a word, from 1; with `add` it is given one, else 0 = not known. Too many words end the test. */
uint32_t name_number(struct names *n, const char *text, bool add);
#endif
