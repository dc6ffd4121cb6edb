#include "header.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_SECOND 1000000000ull
#define FASTEST_CLOCK (100 * NS_PER_SECOND) /* ticks per second */

static const struct {
    const char *name;
    uint32_t row_size;
} kinds[KIWI_TABLE_LIMIT] = {
#define X(id, name, type) [id] = {#name, sizeof(type)},
        KIWI_TABLES(X)
#undef X
};

const char *table_name(uint32_t id)
{
    return id < KIWI_TABLE_LIMIT && kinds[id].name ? kinds[id].name : "unknown";
}

uint32_t table_row_size(uint32_t id)
{
    return id < KIWI_TABLE_LIMIT ? kinds[id].row_size : 0;
}

bool table_is_plain(uint32_t id)
{
    return id == KIWI_TABLE_STRINGS || id == KIWI_TABLE_FRAMES;
}

bool table_has_state(uint32_t id)
{
    return !table_is_plain(id) && id != KIWI_TABLE_CACHES && id != KIWI_TABLE_HELD;
}

static bool refuse_magic(const struct kiwi_header *h, size_t got, char *error, size_t error_size)
{
    char shown[4 * sizeof h->magic + 1];
    size_t at = 0, length = got < sizeof h->magic ? got : sizeof h->magic;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)h->magic[i];
        if (isprint(c) && c != '\\' && c != '"')
            shown[at++] = (char)c;
        else
            at += (size_t)snprintf(shown + at, sizeof shown - at, "\\x%02x", c);
    }
    shown[at] = '\0';
    snprintf(error, error_size, "not a Kiwi trace: starts with \"%s\"", shown);
    return false;
}

static bool refuse_version(const struct kiwi_header *h, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s format %u.%u, this kiwi reads %u.x",
             h->major > KIWI_TRACE_MAJOR ? "newer" : "older", h->major, h->minor, KIWI_TRACE_MAJOR);
    return false;
}

/* What every version has in the same place: magic, byte order, version. */
static bool recognise(const struct kiwi_header *h, size_t got, char *error, size_t error_size)
{
    if (!got) {
        snprintf(error, error_size, "the file is empty");
        return false;
    }
    if (memcmp(h->magic, KIWI_TRACE_MAGIC, got < sizeof h->magic ? got : sizeof h->magic) != 0)
        return refuse_magic(h, got, error, error_size);
    if (got < offsetof(struct kiwi_header, header_size)) {
        snprintf(error, error_size, "cut off at byte %zu inside the header", got);
        return false;
    }
    if (h->byte_order == __builtin_bswap32(KIWI_TRACE_BYTE_ORDER)) {
        snprintf(error, error_size, "written in the other byte order");
        return false;
    }
    if (h->byte_order != KIWI_TRACE_BYTE_ORDER) {
        snprintf(error, error_size, "damaged header: byte order mark is 0x%08x", h->byte_order);
        return false;
    }
    if (h->major != KIWI_TRACE_MAJOR)
        return refuse_version(h, error, error_size);
    if (got < sizeof *h) {
        snprintf(error, error_size, "cut off at byte %zu inside the header", got);
        return false;
    }
    return true;
}

static void judge_clock(struct kiwi_header *h, struct problems *problems)
{
    if (h->clock_kind != KIWI_CLOCK_MONOTONIC_NS && h->clock_kind != KIWI_CLOCK_TSC) {
        problems_add(problems, "header: unknown clock kind %u; times are taken as nanoseconds", h->clock_kind);
        h->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    }
    if (!h->ticks_per_second || h->ticks_per_second > FASTEST_CLOCK) {
        problems_add(problems, "header: impossible clock rate of %" PRIu64 " ticks per second; times may be wrong",
                     h->ticks_per_second);
        h->ticks_per_second = NS_PER_SECOND;
    }
}

/* Says what is wrong with a descriptor; NULL = nothing. */
static const char *table_fault(const struct kiwi_table *t, uint32_t id, uint64_t file_size)
{
    if (t->id != id)
        return "its descriptor carries another id";
    if (table_is_plain(id) && t->row_size != table_row_size(id))
        return "its row size is not that of this format";
    /* Rows only ever grew by a few fields; and a file must not claim memory out of all proportion to its size. */
    if (t->row_size > (1u << 20) || t->row_size < table_row_size(id) / 4)
        return "its row size is impossible";
    if (t->offset < sizeof(struct kiwi_header) || t->offset > INT64_MAX)
        return "it is said to lie inside the header or past any file";
    if (t->capacity > UINT64_MAX / t->row_size)
        return "its capacity is impossible";
    if (t->used > 1 && t->offset >= file_size)
        return "it lies past the end of the file";
    return NULL;
}

static void judge_table(const struct source *s, struct kiwi_table *t, uint32_t id, struct problems *problems)
{
    const char *fault = t->id ? table_fault(t, id, s->size) : "it is missing";

    if (fault) {
        problems_hole(problems, "table %s can not be read: %s", table_name(id), fault);
        *t = (struct kiwi_table){0};
        return;
    }
    uint64_t rows = t->used < t->capacity ? t->used : t->capacity;
    uint64_t stored = rows * t->row_size < t->ready ? rows * t->row_size : t->ready;
    if (stored > s->size - t->offset && t->offset < s->size)
        problems_hole(problems, "cut off at byte %" PRIu64 " inside table %s (row %" PRIu64 " of %" PRIu64 ")", s->size,
                      table_name(id), (s->size - t->offset) / t->row_size, rows);
}

static void judge_tables(const struct source *s, struct kiwi_header *h, struct problems *problems)
{
    for (uint32_t id = 0; id < KIWI_TABLE_LIMIT; id++) {
        if (table_row_size(id))
            judge_table(s, &h->tables[id], id, problems);
        else
            h->tables[id] = (struct kiwi_table){0}; /* of a later minor version */
    }
}

bool header_read(const struct source *s, struct kiwi_header *h, struct problems *problems, char *error,
                 size_t error_size)
{
    memset(h, 0, sizeof *h);
    if (!recognise(h, source_read(s, 0, h, sizeof *h), error, error_size))
        return false;
    if (h->state == KIWI_ROW_EMPTY) {
        snprintf(error, error_size, "the recorder had not finished the header");
        return false;
    }
    if (h->state != KIWI_ROW_LIVE)
        problems_add(problems, "header: unknown state %u", h->state);
    if (h->header_size < sizeof *h)
        problems_add(problems, "header: is said to have %u bytes, format %u.%u has %zu", h->header_size, h->major,
                     h->minor, sizeof *h);
    if (h->file_size > s->size)
        problems_add(problems, "cut off at byte %" PRIu64 " of %" PRIu64, s->size, h->file_size);
    judge_clock(h, problems);
    judge_tables(s, h, problems);
    return true;
}
