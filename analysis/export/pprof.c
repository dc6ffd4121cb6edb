/*
 * pprof.c - the Profile message of github.com/google/pprof, proto/profile.proto, compressed by gzip.
 *
 * A location is a code address with the functions that are inlined there, innermost first. Strings are numbered, the
 * empty one is 0.
 */
#include "profile.h"

#include "../place.h"
#include "bytes.h"
#include "ids.h"
#include "../figures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Fields. */
enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION, PROFILE_FUNCTION, PROFILE_STRING };
enum { PROFILE_TIME = 9, PROFILE_DURATION = 10, PROFILE_DEFAULT_TYPE = 14 };
enum { TYPE_TYPE = 1, TYPE_UNIT };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES };
enum { MAPPING_ID = 1, MAPPING_START, MAPPING_LIMIT, MAPPING_OFFSET, MAPPING_FILE, MAPPING_BUILD_ID };
enum { MAPPING_HAS_FUNCTIONS = 7, MAPPING_HAS_FILES, MAPPING_HAS_LINES, MAPPING_HAS_INLINED };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

#define KEY_MAX 1536
#define LOCATIONS_MAX TRACE_MAX_DEPTH

struct profile_writer {
    struct bytes samples, mappings, locations, functions, strings;
    struct ids mapping_ids, location_ids, function_ids, string_ids;
    bool failed;
};

static uint64_t string(struct profile_writer *w, const char *text)
{
    bool is_new;
    uint32_t id;

    if (!text || !*text)
        return 0;
    id = ids_get(&w->string_ids, text, strlen(text), &is_new);
    if (is_new)
        proto_bytes(&w->strings, PROFILE_STRING, text, strlen(text));
    w->failed |= !id;
    return id;
}

static uint64_t function(struct profile_writer *w, const struct symbol_frame *f)
{
    struct bytes one = {0};
    char key[KEY_MAX], text[512];
    const char *name = f->function && *f->function ? f->function : place_text(f, text, sizeof text);
    bool is_new;
    uint32_t id;

    snprintf(key, sizeof key, "%s\n%s", f->file ? f->file : "", name);
    id = ids_get(&w->function_ids, key, strlen(key), &is_new);
    w->failed |= !id;
    if (is_new) {
        proto_number(&one, FUNCTION_ID, id);
        proto_number(&one, FUNCTION_NAME, string(w, name));
        proto_number(&one, FUNCTION_SYSTEM_NAME, string(w, name));
        proto_number(&one, FUNCTION_FILE, string(w, f->file));
        proto_message(&w->functions, PROFILE_FUNCTION, &one);
    }
    bytes_release(&one);
    return id;
}

/* The module of a frame, by its path; NULL = not known. */
static const struct kiwi_module *module_of(const struct trace *t, const struct symbol_frame *f)
{
    for (uint32_t i = 1; f->module && i < trace_rows(t, KIWI_TABLE_MODULES); i++) {
        const struct kiwi_module *m = trace_module(t, i);
        const char *path = m ? trace_string(t, m->path) : "";

        if (m && (strcmp(path, f->module) == 0 ||
                  (!*path && strcmp(trace_string(t, trace_header(t)->executable), f->module) == 0)))
            return m;
    }
    return NULL;
}

static void hex(const uint8_t *bytes, uint32_t count, char *text)
{
    for (uint32_t i = 0; i < count && i < KIWI_BUILD_ID_BYTES; i++, text += 2)
        snprintf(text, 3, "%02x", bytes[i]);
    *text = '\0';
}

static uint64_t mapping(struct profile_writer *w, const struct kiwi_module *m, const char *path, bool named)
{
    struct bytes one = {0};
    char key[KEY_MAX], build_id[2 * KIWI_BUILD_ID_BYTES + 1];
    bool is_new;
    uint32_t id;

    snprintf(key, sizeof key, "%" PRIx64 " %" PRIx64 " %s", m->start, m->end, path);
    id = ids_get(&w->mapping_ids, key, strlen(key), &is_new);
    w->failed |= !id;
    if (is_new) {
        hex(m->build_id, m->build_id_size, build_id);
        proto_number(&one, MAPPING_ID, id);
        proto_number(&one, MAPPING_START, m->start);
        proto_number(&one, MAPPING_LIMIT, m->end);
        proto_number(&one, MAPPING_FILE, string(w, path));
        proto_number(&one, MAPPING_BUILD_ID, string(w, build_id));
        for (unsigned field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINED; field++)
            proto_number(&one, field, named);
        proto_message(&w->mappings, PROFILE_MAPPING, &one);
    }
    bytes_release(&one);
    return id;
}

/* `count` frames, innermost first, of which all but the last are inlined into that. */
static uint64_t location(struct profile_writer *w, const struct trace *t, const struct symbol_frame *frames,
                         unsigned count)
{
    const struct symbol_frame *outer = &frames[count - 1];
    const struct kiwi_module *m = module_of(t, outer);
    uint64_t address = (m ? m->base : 0) + outer->offset, map = m ? mapping(w, m, outer->module, outer->function) : 0;
    struct bytes body = {0}, line = {0}, one = {0};
    bool is_new;
    uint32_t id;

    proto_number(&body, LOCATION_MAPPING, map);
    proto_number(&body, LOCATION_ADDRESS, address);
    for (unsigned i = 0; i < count; i++) {
        proto_number(&line, LINE_FUNCTION, function(w, &frames[i]));
        proto_number(&line, LINE_LINE, frames[i].line > 0 ? (uint64_t)frames[i].line : 0);
        proto_message(&body, LOCATION_LINE, &line);
    }
    id = ids_get(&w->location_ids, body.data, body.size, &is_new);
    w->failed |= !id || body.failed;
    if (is_new) {
        proto_number(&one, LOCATION_ID, id);
        bytes_add(&one, body.data, body.size);
        proto_message(&w->locations, PROFILE_LOCATION, &one);
    }
    bytes_release(&body);
    bytes_release(&line);
    bytes_release(&one);
    return id;
}

static unsigned locations_of(struct profile_writer *w, struct model *m, uint32_t stack, uint64_t *ids)
{
    unsigned frames = place_frames(m->trace, m->symbols, stack), count = 0, first = 0;
    struct symbol_frame *all = calloc(frames + 1ul, sizeof *all);

    if (!all) {
        w->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < frames; i++)
        all[i] = place_frame(m->trace, m->symbols, stack, i);
    for (unsigned i = 0; i < frames && count < LOCATIONS_MAX; i++) {
        if (all[i].inlined && i + 1 < frames)
            continue;
        ids[count++] = location(w, m->trace, &all[first], i - first + 1);
        first = i + 1;
    }
    free(all);
    return count;
}

static void add_sample(struct profile_writer *w, struct model *m, const struct profile_sample *s)
{
    struct bytes one = {0};
    uint64_t ids[LOCATIONS_MAX], values[PROFILE_VALUES];
    unsigned count = locations_of(w, m, s->stack, ids);

    for (unsigned i = 0; i < PROFILE_VALUES; i++)
        values[i] = figure_round(s->values[i]);
    proto_numbers(&one, SAMPLE_LOCATIONS, ids, count);
    proto_numbers(&one, SAMPLE_VALUES, values, PROFILE_VALUES);
    proto_message(&w->samples, PROFILE_SAMPLE, &one);
    bytes_release(&one);
}

static void add_types(struct profile_writer *w, struct bytes *all)
{
    struct bytes one = {0};

    for (unsigned i = 0; i < PROFILE_VALUES; i++) {
        proto_number(&one, TYPE_TYPE, string(w, profile_info((enum profile_value)i)->type));
        proto_number(&one, TYPE_UNIT, string(w, profile_info((enum profile_value)i)->unit));
        proto_message(all, PROFILE_SAMPLE_TYPE, &one);
    }
    bytes_release(&one);
}

static void add_header(struct profile_writer *w, struct bytes *all, const struct trace *t, enum profile_value v)
{
    const struct kiwi_header *h = trace_header(t);

    add_types(w, all);
    proto_number(all, PROFILE_TIME, h->start_realtime_ns);
    proto_number(all, PROFILE_DURATION, trace_ns_at(t, trace_last_ticks(t)));
    proto_number(all, PROFILE_DEFAULT_TYPE, string(w, profile_info(v)->type));
}

static void join(struct profile_writer *w, struct bytes *all)
{
    struct bytes *const parts[] = {&w->samples, &w->mappings, &w->locations, &w->functions};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        w->failed |= parts[i]->failed;
        bytes_add(all, parts[i]->data, parts[i]->size);
    }
    proto_bytes(all, PROFILE_STRING, "", 0);
    w->failed |= w->strings.failed;
    bytes_add(all, w->strings.data, w->strings.size);
    w->failed |= all->failed;
}

static void release(struct profile_writer *w)
{
    struct bytes *const parts[] = {&w->samples, &w->mappings, &w->locations, &w->functions, &w->strings};
    struct ids *const tables[] = {&w->mapping_ids, &w->location_ids, &w->function_ids, &w->string_ids};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        bytes_release(parts[i]);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        ids_release(tables[i]);
}

#define GZIP_WINDOW (15 + 16) /* the largest window, and a gzip header around it */

static int write_gzip(const struct bytes *all, FILE *out)
{
    unsigned char buffer[1 << 14] = {0};
    z_stream z = {.next_in = (unsigned char *)all->data, .avail_in = (unsigned)all->size};
    int result = deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY);

    if (result != Z_OK || all->size != z.avail_in) {
        errno = result == Z_OK ? EFBIG : ENOMEM;
        return -1;
    }
    do {
        z.next_out = buffer;
        z.avail_out = sizeof buffer;
        result = deflate(&z, Z_FINISH);
        if (fwrite(buffer, 1, sizeof buffer - z.avail_out, out) != sizeof buffer - z.avail_out)
            result = Z_ERRNO;
    } while (result == Z_OK || result == Z_BUF_ERROR);
    deflateEnd(&z);
    return result == Z_STREAM_END ? 0 : -1;
}

int export_pprof(struct model **models, unsigned count, enum profile_value v, FILE *out)
{
    struct profile_writer w = {.failed = false};
    struct bytes all = {0};
    int result;

    for (unsigned i = 0; i < count && !w.failed; i++) {
        struct profile p;

        w.failed = profile_open(&p, models[i]) != 0;
        for (uint32_t k = 0; k < p.count && !w.failed; k++)
            add_sample(&w, models[i], &p.items[k]);
        profile_close(&p);
    }
    add_header(&w, &all, models[0]->trace, v);
    join(&w, &all);
    if (w.failed)
        errno = ENOMEM;
    result = w.failed ? -1 : write_gzip(&all, out);
    bytes_release(&all);
    release(&w);
    return result;
}
