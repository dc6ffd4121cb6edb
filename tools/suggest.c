#include "suggest.h"

#include <stddef.h>
#include <string.h>

#define NAME_MAX_LENGTH 40

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned low = a < b ? a : b;

    return low < c ? low : c;
}

/* Levenshtein distance, one row at a time. Both names are at most NAME_MAX_LENGTH long. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_LENGTH + 1];
    size_t columns = strlen(b);

    for (unsigned j = 0; j <= columns; j++)
        row[j] = j;
    for (unsigned i = 1; *a; i++, a++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            unsigned above = row[j];

            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (*a != b[j - 1]));
            diagonal = above;
        }
    }
    return row[columns];
}

const char *suggest(const char *typed, const char *const *names, unsigned count)
{
    size_t length = strlen(typed);
    unsigned best = length < 6 ? 1 : (unsigned)length / 3; /* a third of the letters may be wrong, one always */
    const char *nearest = NULL;

    if (length == 0 || length > NAME_MAX_LENGTH)
        return NULL;
    for (unsigned i = 0; i < count; i++) {
        unsigned d;

        if (strlen(names[i]) > NAME_MAX_LENGTH)
            continue;
        d = distance(typed, names[i]);
        if (d < best || (d == best && !nearest)) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
