#include "demangle.h"

#include "text.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 4096u /* of a mangled name: what is longer is shown as it is, cut */

static char *demangled_by_library(const char *symbol)
{
    if (strncmp(symbol, "_Z", 2) != 0 && strncmp(symbol, "_R", 2) != 0)
        return NULL;
    return cplus_demangle(symbol, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
}

const char *demangle(struct arena *texts, const char *symbol)
{
    size_t length = strnlen(symbol, LONGEST);
    char *found = length < LONGEST ? demangled_by_library(symbol) : NULL;
    size_t shown = found ? strlen(found) : length;
    char *name = arena_alloc(texts, shown + 1);

    if (name) {
        memcpy(name, found ? found : symbol, shown);
        text_clean(name, shown);
    }
    free(found);
    return name;
}
