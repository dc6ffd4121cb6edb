/*
 * stdio.c - buffered streams. Whether one of these calls reaches the kernel only the C library knows, and most do not;
 * so they are told of threads that hold a lock or serve an event loop, and what took long has been there.
 *
 * Streams of C++ come through read and write.
 */
/* The headers define some of these inline for programs that are optimised. */
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1
#endif
#include "waiting.h"

#include <stdarg.h>
#include <stdio.h>

size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *stream);
char *__fgets_chk(char *to, size_t room, int size, FILE *stream);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list list);
int __vprintf_chk(int flag, const char *format, va_list list);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...);

RETURNS_OTHER_URGENT(int, fflush, FFLUSH, (FILE * stream), (stream))
RETURNS_OTHER_URGENT(size_t, fread, FREAD, (void *to, size_t size, size_t n, FILE *stream), (to, size, n, stream))
RETURNS_OTHER_URGENT(size_t, __fread_chk, FREAD, (void *to, size_t room, size_t size, size_t n, FILE *stream),
                     (to, room, size, n, stream))
RETURNS_OTHER_URGENT(size_t, fwrite, FWRITE, (const void *from, size_t size, size_t n, FILE *stream),
                     (from, size, n, stream))
RETURNS_OTHER_URGENT(char *, fgets, FGETS, (char *to, int size, FILE *stream), (to, size, stream))
RETURNS_OTHER_URGENT(char *, __fgets_chk, FGETS, (char *to, size_t room, int size, FILE *stream),
                     (to, room, size, stream))
RETURNS_OTHER_URGENT(ssize_t, getline, GETLINE, (char **line, size_t *size, FILE *stream), (line, size, stream))
RETURNS_OTHER_URGENT(ssize_t, getdelim, GETLINE, (char **line, size_t *size, int end, FILE *stream),
                     (line, size, end, stream))
/* What programs bind to where a header makes getline of it. */
RETURNS_OTHER_URGENT(ssize_t, __getdelim, GETLINE, (char **line, size_t *size, int end, FILE *stream),
                     (line, size, end, stream))
RETURNS_OTHER_URGENT(int, fputs, FPUTS, (const char *text, FILE *stream), (text, stream))
RETURNS_OTHER_URGENT(int, puts, FPUTS, (const char *text), (text))
RETURNS_OTHER_URGENT(int, vfprintf, FPRINTF, (FILE * stream, const char *format, va_list list), (stream, format, list))
RETURNS_OTHER_URGENT(int, vprintf, FPRINTF, (const char *format, va_list list), (format, list))
RETURNS_OTHER_URGENT(int, __vfprintf_chk, FPRINTF, (FILE * stream, int flag, const char *format, va_list list),
                     (stream, flag, format, list))
RETURNS_OTHER_URGENT(int, __vprintf_chk, FPRINTF, (int flag, const char *format, va_list list), (flag, format, list))

/* The same for those that take their arguments one by one: `last` is the parameter before them. */
#define PRINTS(name, same, last, parameters, arguments)                                                                \
    EXPORT int name parameters                                                                                         \
    {                                                                                                                  \
        va_list list;                                                                                                  \
        WAITING_RECORD(waiting_urgent(), FPRINTF, 0, 0);                                                               \
        va_start(list, last);                                                                                          \
        int result = real.same arguments;                                                                              \
        va_end(list);                                                                                                  \
        call_end(&c, 0, 0);                                                                                            \
        return result;                                                                                                 \
    }
PRINTS(fprintf, vfprintf, format, (FILE * stream, const char *format, ...), (stream, format, list))
PRINTS(printf, vprintf, format, (const char *format, ...), (format, list))
PRINTS(__fprintf_chk, __vfprintf_chk, format, (FILE * stream, int flag, const char *format, ...),
       (stream, flag, format, list))
PRINTS(__printf_chk, __vprintf_chk, format, (int flag, const char *format, ...), (flag, format, list))
