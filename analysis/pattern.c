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

bool pattern_matches_function(const char *pattern, const char *function)
{
    return function &&
           (pattern_matches(pattern, function) || matches(pattern, function, pattern_function_length(function)));
}
