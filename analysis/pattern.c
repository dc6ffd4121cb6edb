#include "pattern.h"

#include <string.h>

/* Matches the first `length` bytes of text. After a mismatch the latest '*' takes one more character. */
static bool matches(const char *pattern, const char *text, size_t length)
{
    const char *end = text + length, *star = NULL, *resume = NULL;

    while (text < end) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool pattern_matches(const char *pattern, const char *text)
{
    return text && matches(pattern, text, strlen(text));
}

bool pattern_matches_path(const char *pattern, const char *path)
{
    if (pattern_matches(pattern, path))
        return true;
    while (path && (path = strchr(path, '/')))
        if (pattern_matches(pattern, ++path))
            return true;
    return false;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t size = strlen(end);

    return length >= size && memcmp(text + length - size, end, size) == 0;
}

/* Up to the '(' that belongs to the ')' at the end; "f()::{lambda()#1}::operator()" has none of its own. */
static size_t before_parameters(const char *name, size_t length)
{
    int depth = 0;

    if (!ends_with(name, length, ")") || ends_with(name, length, "operator()"))
        return length;
    for (size_t i = length; i-- > 0;) {
        depth += name[i] == ')' ? 1 : name[i] == '(' ? -1 : 0;
        if (depth == 0)
            return i ? i : length;
    }
    return length;
}

size_t pattern_function_length(const char *function)
{
    static const char *const qualifiers[] = {" const", " volatile", " &&", " &", " noexcept"};
    const char *clone = strstr(function, " [clone ");
    size_t whole = clone ? (size_t)(clone - function) : strlen(function), length = whole;

    for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++)
        if (ends_with(function, length, qualifiers[i]))
            length -= strlen(qualifiers[i]);
    length = before_parameters(function, length);
    return length ? length : whole;
}

/* Where the name begins: of a template function, a demangler puts the type of its result in front. Spaces within
 * brackets, and those of "operator new", are part of the name. */
static const char *behind_result(const char *name, size_t length)
{
    const char *operator_ = strstr(name, "operator"), *begin = name;
    const char *end = operator_ && operator_ < name + length ? operator_ : name + length;
    int depth = 0;

    for (const char *at = name; at < end; at++) {
        depth += strchr("<([{", *at) ? 1 : strchr(">)]}", *at) ? -1 : 0;
        if (*at == ' ' && depth == 0)
            begin = at + 1;
    }
    return begin;
}

/* Up to the '<' that belongs to the '>' at the end, if that is no operator. */
static size_t before_template(const char *name, size_t length)
{
    int depth = 0;

    if (!ends_with(name, length, ">") || strstr(name, "operator"))
        return length;
    for (size_t i = length; i-- > 0;) {
        depth += name[i] == '>' ? 1 : name[i] == '<' ? -1 : 0;
        if (depth == 0)
            return i ? i : length;
    }
    return length;
}

/* Without "[abi:cxx11]", or what gcc adds to the name of a C function that it has split or specialised. */
static size_t before_tag(const char *name, size_t length)
{
    static const char *const tags[] = {"[abi:", ".isra.", ".part.", ".constprop.", ".cold", ".lto_priv."};

    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        const char *tag = strstr(name, tags[i]);

        if (tag && tag > name && (size_t)(tag - name) < length)
            length = (size_t)(tag - name);
    }
    return length;
}

bool pattern_matches_function(const char *pattern, const char *function)
{
    size_t length = function ? pattern_function_length(function) : 0;
    const char *name;

    if (!function || pattern_matches(pattern, function) || matches(pattern, function, length))
        return function != NULL;
    name = behind_result(function, length);
    length = before_tag(name, length - (size_t)(name - function));
    return matches(pattern, name, length) || matches(pattern, name, before_template(name, length));
}
