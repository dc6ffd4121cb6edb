/*
 * source.h - the bytes of a trace, from a file or from memory.
 *
 *     struct source s;
 *     if (!source_open(&s, path, error, sizeof error)) ...
 *     size_t got = source_read(&s, 0, &header, sizeof header);
 *     source_close(&s);
 *
 * Reads stop at the end of the file; holes of a sparse file cost no input.
 */
#ifndef KIWI_SOURCE_H
#define KIWI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
    int fd; /* -1 = memory */
    const char *bytes;
    uint64_t size;
    uint64_t inode; /* of the file, 0 = memory */
};

/* Follows symbolic links. Accepts regular files alone, and never waits on a FIFO or a device. error gets the reason. */
bool source_open(struct source *s, const char *path, char *error, size_t error_size);
void source_memory(struct source *s, const void *bytes, size_t size);
void source_close(struct source *s);

/* Reads up to size bytes at offset; returns how many (less at the end of the file or at a read error). */
size_t source_read(const struct source *s, uint64_t offset, void *out, size_t size);
/* The end of the last stored byte in [offset, offset + size): what lies behind it, up to the end, is a hole. */
uint64_t source_data_end(const struct source *s, uint64_t offset, uint64_t size);
/* As source_read into memory that is zero already: skips holes. */
bool source_read_sparse(const struct source *s, uint64_t offset, void *out, size_t size);
#endif
