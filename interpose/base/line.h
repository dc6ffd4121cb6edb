/*
 * line.h - bounded text without stdio, for code that runs before libc can be trusted.
 *
 *     char buffer[80];
 *     struct line l = line_begin(buffer, sizeof buffer);
 *     line_text(&l, "pid ");
 *     line_number(&l, pid);
 *     if (line_cut(&l)) ...        // did not fit; buffer is NUL-terminated all the same
 *
 * Calls nothing, keeps no state: safe in signal handlers, before constructors and after destructors.
 */
#ifndef KIWI_LINE_H
#define KIWI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
    char *text;
    size_t size;   /* bytes of text, at least 1 */
    size_t length; /* bytes asked for, the NUL not counted; may pass size */
};

static inline struct line line_begin(char *text, size_t size)
{
    text[0] = '\0';
    return (struct line){.text = text, .size = size};
}

static inline bool line_cut(const struct line *l)
{
    return l->length >= l->size;
}

static inline void line_char(struct line *l, char c)
{
    if (l->length + 1 < l->size) {
        l->text[l->length] = c;
        l->text[l->length + 1] = '\0';
    }
    l->length++;
}

static inline void line_text(struct line *l, const char *text)
{
    while (*text)
        line_char(l, *text++);
}

/* Text that a user typed, for a terminal: control characters are shown as '?'. */
static inline void line_quoted(struct line *l, const char *text)
{
    for (; *text; text++)
        line_char(l, (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

/* Decimal, padded with zeros to at least `digits` digits. */
static inline void line_padded(struct line *l, uint64_t value, unsigned digits)
{
    char reversed[20];
    unsigned count = 0;

    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (; digits > count; digits--)
        line_char(l, '0');
    while (count > 0)
        line_char(l, reversed[--count]);
}

static inline void line_number(struct line *l, uint64_t value)
{
    line_padded(l, value, 1);
}
#endif
