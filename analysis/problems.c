#include "problems.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 256

void problems_add(struct problems *p, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    if (p->count == PROBLEMS_MAX) {
        p->lines[PROBLEMS_MAX - 1] = "more problems than can be listed";
        return;
    }
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const char *copy = arena_copy(&p->texts, line);
    p->lines[p->count++] = copy ? copy : "out of memory";
}

void problems_release(struct problems *p)
{
    arena_release(&p->texts);
    p->count = 0;
}
