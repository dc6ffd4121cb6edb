#include "demangle.h"

#include "text.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 4096u /* of a mangled name: what is longer is shown as it is, cut */

bool is_mangled(const char *symbol)
{
    return strncmp(symbol, "_Z", 2) == 0 || strncmp(symbol, "_R", 2) == 0;
}

/* Length of a plain name without what gcc adds to the parts of a function that it splits or copies. */
static size_t length_without_suffix(const char *symbol, size_t length)
{
    static const char *const suffixes[] = {".part.", ".isra.", ".constprop.", ".cold", ".lto_priv."};
    size_t cut = length;

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *at = memmem(symbol, cut, suffixes[i], strlen(suffixes[i]));
        if (at && at > symbol)
            cut = (size_t)(at - symbol);
    }
    return cut;
}

/* Puts short for each long in text, in place; short is never longer. */
static void shorten(char *text, const char *from, const char *to)
{
    size_t long_length = strlen(from), short_length = strlen(to);

    for (char *at = text; (at = strstr(at, from)); at += short_length) {
        memcpy(at, to, short_length);
        memmove(at + short_length, at + long_length, strlen(at + long_length) + 1);
    }
}

/* What the library's own headers call by a short name. */
static void use_short_names(char *text)
{
    shorten(text, "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
    shorten(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
    shorten(text, "std::basic_string_view<char, std::char_traits<char> >", "std::string_view");
    shorten(text, "std::__cxx11::", "std::");
}

const char *demangle(struct arena *texts, const char *symbol)
{
    size_t length = strnlen(symbol, LONGEST);
    char *found = NULL;

    if (length < LONGEST && is_mangled(symbol))
        found = cplus_demangle(symbol, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO | DMGL_RET_DROP);
    if (found)
        use_short_names(found);
    size_t shown = found ? strlen(found) : length_without_suffix(symbol, length);
    char *name = arena_alloc(texts, shown + 1);
    if (name) {
        memcpy(name, found ? found : symbol, shown);
        text_clean(name, shown);
    }
    free(found);
    return name;
}
