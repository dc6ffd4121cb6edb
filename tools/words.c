#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *with_unit(uint64_t value, uint64_t scale, const char *unit, char *text)
{
    double figure = (double)value / (double)scale;

    snprintf(text, WORDS_SIZE, "%.*f %s", figure < 10 ? 2 : 1, figure, unit);
    return text;
}

const char *words_duration(uint64_t ns, char *text)
{
    uint64_t seconds = ns / 1000000000;

    if (ns < 1000)
        snprintf(text, WORDS_SIZE, "%" PRIu64 " ns", ns);
    else if (ns < 1000000)
        with_unit(ns, 1000, "us", text);
    else if (ns < 1000000000)
        with_unit(ns, 1000000, "ms", text);
    else if (seconds < 60)
        with_unit(ns, 1000000000, "s", text);
    else if (seconds < 3600)
        snprintf(text, WORDS_SIZE, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
    else if (seconds < 86400)
        snprintf(text, WORDS_SIZE, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, WORDS_SIZE, "%" PRIu64 "d%02" PRIu64 "h", seconds / 86400, seconds / 3600 % 24);
    return text;
}

const char *words_size(uint64_t bytes, char *text)
{
    if (bytes < 1 << 10)
        snprintf(text, WORDS_SIZE, "%" PRIu64 " B", bytes);
    else if (bytes < 1 << 20)
        with_unit(bytes, 1 << 10, "KiB", text);
    else if (bytes < 1 << 30)
        with_unit(bytes, 1 << 20, "MiB", text);
    else
        with_unit(bytes, 1 << 30, "GiB", text);
    return text;
}

static const char *format_time(struct tm *parts, const char *format, char *text)
{
    if (!parts || strftime(text, WORDS_SIZE, format, parts) == 0)
        strcpy(text, "-");
    return text;
}

const char *words_local_time(uint64_t realtime_ns, char *text)
{
    time_t seconds = (time_t)(realtime_ns / 1000000000);
    struct tm parts;

    return format_time(realtime_ns ? localtime_r(&seconds, &parts) : NULL, "%Y-%m-%d %H:%M:%S", text);
}

const char *words_iso_time(uint64_t realtime_ns, char *text)
{
    time_t seconds = (time_t)(realtime_ns / 1000000000);
    struct tm parts;

    return format_time(realtime_ns ? gmtime_r(&seconds, &parts) : NULL, "%Y-%m-%dT%H:%M:%SZ", text);
}
