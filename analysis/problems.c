#include "problems.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 256

static void add(struct problems *p, const char *format, va_list arguments)
{
    char line[LINE_BYTES];

    if (p->count == PROBLEMS_MAX) {
        p->lines[PROBLEMS_MAX - 1] = "more problems than can be listed";
        return;
    }
    vsnprintf(line, sizeof line, format, arguments);
    const char *copy = arena_copy(&p->texts, line);
    p->lines[p->count++] = copy ? copy : "out of memory";
}

void problems_add(struct problems *p, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(p, format, arguments);
    va_end(arguments);
}

void problems_hole(struct problems *p, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(p, format, arguments);
    va_end(arguments);
    p->holes++;
}

void problems_release(struct problems *p)
{
    arena_release(&p->texts);
    p->count = 0;
    p->holes = 0;
}
