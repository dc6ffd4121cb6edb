#include "bugs.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    bool hangs;
    const char *text;
    unsigned bit;
} table[] = {
#define X(id, name, hangs, text) {name, hangs, text, BUG_##id},
        BUGS(X)
#undef X
};

bool bugs_add(unsigned *bugs, const char *name)
{
    bool all = strcmp(name, "all") == 0, found = all;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if ((all && !table[i].hangs) || strcmp(name, table[i].name) == 0) {
            *bugs |= table[i].bit;
            found = true;
        }
    }
    return found;
}

void bugs_print(void)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        printf("  %-9s %s%s\n", table[i].name, table[i].text, table[i].hangs ? " (hangs)" : "");
}
