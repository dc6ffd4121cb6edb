#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One write for the whole line, so that lines of several processes do not mix; names in it may hold control
 * characters. */
static void print_line(const char *format, va_list arguments, int error)
{
    char line[4096] = "kiwi: ";
    size_t length = strlen(line);

    vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    length = strlen(line);
    if (error != 0)
        snprintf(line + length, sizeof line - length - 1, ": %s", strerror(error));
    length = strlen(line);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    }
    line[length] = '\n';
    fflush(stdout);
    fwrite(line, 1, length + 1, stderr);
    fflush(stderr);
}

void message(const char *format, ...)
{
    int saved = errno;
    va_list arguments;

    va_start(arguments, format);
    print_line(format, arguments, 0);
    va_end(arguments);
    errno = saved;
}

void message_errno(const char *format, ...)
{
    int saved = errno;
    va_list arguments;

    va_start(arguments, format);
    print_line(format, arguments, saved);
    va_end(arguments);
    errno = saved;
}
