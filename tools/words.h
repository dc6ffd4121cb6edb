/*
 * words.h - figures as people read them. Each writes into text and returns it; 24 bytes are always enough.
 */
#ifndef KIWI_WORDS_H
#define KIWI_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_SIZE 24

const char *words_duration(uint64_t ns, char *text);            /* "850 ns", "1.25 ms", "42.0 s", "3h05m", "12d04h" */
const char *words_size(uint64_t bytes, char *text);             /* "512 B", "1.2 KiB", "64.0 MiB" */
const char *words_local_time(uint64_t realtime_ns, char *text); /* "2024-11-21 09:40:00", "-" for 0 */
const char *words_iso_time(uint64_t realtime_ns, char *text);   /* "2024-11-21T09:40:00Z" */
#endif
