#include "text.h"

#include <stdbool.h>
#include <stdint.h>

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the well-formed sequence at p (RFC 3629: no overlong forms, no surrogates), 0 if there is none. */
static size_t sequence_length(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return left >= 2 && is_continuation(p[1]) ? 2 : 0;
    if (p[0] >= 0xe0 && p[0] <= 0xef) {
        unsigned char low = p[0] == 0xe0 ? 0xa0 : 0x80, high = p[0] == 0xed ? 0x9f : 0xbf;
        return left >= 3 && p[1] >= low && p[1] <= high && is_continuation(p[2]) ? 3 : 0;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        unsigned char low = p[0] == 0xf0 ? 0x90 : 0x80, high = p[0] == 0xf4 ? 0x8f : 0xbf;
        return left >= 4 && p[1] >= low && p[1] <= high && is_continuation(p[2]) && is_continuation(p[3]) ? 4 : 0;
    }
    return 0;
}

/* C0 and C1 controls and DEL move cursors and change colours. */
static bool is_control(const unsigned char *p, size_t length)
{
    return (length == 1 && p[0] && (p[0] < 0x20 || p[0] == 0x7f)) || (length == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

void text_clean(char *bytes, size_t size)
{
    unsigned char *p = (unsigned char *)bytes;

    for (size_t at = 0; at < size;) {
        size_t length = sequence_length(p + at, size - at);
        if (!length || is_control(p + at, length)) {
            length = length ? length : 1;
            for (size_t i = 0; i < length; i++)
                p[at + i] = '?';
        }
        at += length;
    }
}
