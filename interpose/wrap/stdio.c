/*
 * stdio.c - buffered streams. Whether one of these calls reaches the kernel only the C library knows, and most do not;
 * so they are told of threads that hold a lock or serve an event loop, and what took long has been there. And of reads
 * of connections, whose peer may never answer.
 *
 * Streams of C++ come through read and write.
 */
/* The headers define some of these inline for programs that are optimised. */
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1
#endif
#include "../record/exchange.h"
#include "waiting.h"

#include <stdarg.h>
#include <stdio.h>

size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *stream);
char *__fgets_chk(char *to, size_t room, int size, FILE *stream);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list list);
int __vprintf_chk(int flag, const char *format, va_list list);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...);

/* A stream may be a connection (no-timeout): then reads of it are told of whoever makes them. The field is read itself,
 * as fileno sets errno for a stream without a descriptor. -1 = it is not such. */
static ALWAYS_INLINE int descriptor_followed(const struct thread *t, const FILE *stream)
{
    int fd = t && stream ? stream->_fileno : -1;
    if (fd < 0 || record_settings.io_off)
        return -1;
    if (unlikely(descriptor_mode(fd) == DESCRIPTOR_UNKNOWN))
        descriptor_ask(fd);
    return unlikely(descriptor_tracked(fd)) ? fd : -1;
}

#define NO_DESCRIPTOR UINT64_MAX

static ALWAYS_INLINE void begin_reading(struct call_record *c, FILE *stream, enum kiwi_call_kind kind,
                                        struct call_site site)
{
    struct thread *t = thread_enter();
    int fd = descriptor_followed(t, stream);
    if (unlikely(fd >= 0))
        call_begin_on(c, t, kind, site, 0, fd);
    else
        call_begin(c, waiting_urgent(), kind, site, 0, NO_DESCRIPTOR);
}

/* bytes: more than 0 if something came. */
#define READS_STREAM(type, name, kind, bytes, parameters, arguments)                                                   \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        struct call_record c;                                                                                          \
        begin_reading(&c, stream, KIWI_CALL_##kind, CALL_SITE());                                                      \
        type result = real.name arguments;                                                                             \
        call_end(&c, 0, bytes);                                                                                        \
        return result;                                                                                                 \
    }

/* After a request was put into the buffer. */
static ALWAYS_INLINE void asked(FILE *stream)
{
    struct thread *t = thread_enter();
    int fd = descriptor_followed(t, stream);
    if (unlikely(fd >= 0))
        exchange_asks(t, fd);
}

#define WRITES_STREAM(type, name, kind, parameters, arguments)                                                         \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        WAITING_RECORD(waiting_urgent(), kind, 0, NO_DESCRIPTOR);                                                      \
        type result = real.name arguments;                                                                             \
        call_end(&c, 0, 0);                                                                                            \
        asked(stream);                                                                                                 \
        return result;                                                                                                 \
    }

RETURNS_OTHER_URGENT(int, fflush, FFLUSH, (FILE * stream), (stream))
READS_STREAM(size_t, fread, FREAD, result *size, (void *to, size_t size, size_t n, FILE *stream), (to, size, n, stream))
READS_STREAM(size_t, __fread_chk, FREAD, result *size, (void *to, size_t room, size_t size, size_t n, FILE *stream),
             (to, room, size, n, stream))
READS_STREAM(char *, fgets, FGETS, result != NULL, (char *to, int size, FILE *stream), (to, size, stream))
READS_STREAM(char *, __fgets_chk, FGETS, result != NULL, (char *to, size_t room, int size, FILE *stream),
             (to, room, size, stream))
READS_STREAM(ssize_t, getline, GETLINE, result > 0, (char **line, size_t *size, FILE *stream), (line, size, stream))
READS_STREAM(ssize_t, getdelim, GETLINE, result > 0, (char **line, size_t *size, int end, FILE *stream),
             (line, size, end, stream))
/* What programs bind to where a header makes getline of it. */
READS_STREAM(ssize_t, __getdelim, GETLINE, result > 0, (char **line, size_t *size, int end, FILE *stream),
             (line, size, end, stream))
WRITES_STREAM(size_t, fwrite, FWRITE, (const void *from, size_t size, size_t n, FILE *stream), (from, size, n, stream))
WRITES_STREAM(int, fputs, FPUTS, (const char *text, FILE *stream), (text, stream))
WRITES_STREAM(int, vfprintf, FPRINTF, (FILE * stream, const char *format, va_list list), (stream, format, list))
WRITES_STREAM(int, __vfprintf_chk, FPRINTF, (FILE * stream, int flag, const char *format, va_list list),
              (stream, flag, format, list))
RETURNS_OTHER_URGENT(int, puts, FPUTS, (const char *text), (text))
RETURNS_OTHER_URGENT(int, vprintf, FPRINTF, (const char *format, va_list list), (format, list))
RETURNS_OTHER_URGENT(int, __vprintf_chk, FPRINTF, (int flag, const char *format, va_list list), (flag, format, list))

/* The same for those that take their arguments one by one: `last` is the parameter before them. */
#define PRINTS(name, same, last, parameters, arguments, stream)                                                        \
    EXPORT int name parameters                                                                                         \
    {                                                                                                                  \
        va_list list;                                                                                                  \
        WAITING_RECORD(waiting_urgent(), FPRINTF, 0, 0);                                                               \
        va_start(list, last);                                                                                          \
        int result = real.same arguments;                                                                              \
        va_end(list);                                                                                                  \
        call_end(&c, 0, 0);                                                                                            \
        asked(stream);                                                                                                 \
        return result;                                                                                                 \
    }
PRINTS(fprintf, vfprintf, format, (FILE * stream, const char *format, ...), (stream, format, list), stream)
PRINTS(printf, vprintf, format, (const char *format, ...), (format, list), NULL)
PRINTS(__fprintf_chk, __vfprintf_chk, format, (FILE * stream, int flag, const char *format, ...),
       (stream, flag, format, list), stream)
PRINTS(__printf_chk, __vprintf_chk, format, (int flag, const char *format, ...), (flag, format, list), NULL)
