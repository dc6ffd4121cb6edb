#include "place.h"

#include "pattern.h"

#include <stdio.h>
#include <string.h>

#define FUNCTION_LONG 64u /* columns: longer names are shortened */
#define FUNCTION_TEXT 1024

uint64_t place_hash(uint64_t hash, uint64_t value)
{
    uint64_t x = (hash ^ value) + 0x9e3779b97f4a7c15u + (hash << 6);

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u; /* the finaliser of splitmix64 */
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t place_hash_text(uint64_t hash, const char *text)
{
    for (const char *c = text ? text : ""; *c; c++)
        hash = place_hash(hash, (unsigned char)*c);
    return place_hash(hash, 256);
}

const char *place_base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "";
}

static const struct kiwi_module *place_module(const struct trace *t, uint64_t address, uint64_t epoch)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_MODULES); i++) {
        const struct kiwi_module *m = trace_module(t, i);

        if (m && address >= m->start && address < m->end && (!m->unloaded_epoch || epoch < m->unloaded_epoch))
            return m;
    }
    return NULL;
}

static struct symbol_frame place_raw_frame(const struct trace *t, uint32_t stack, uint64_t address)
{
    const struct kiwi_stack *row = trace_stack(t, stack);
    const struct kiwi_module *m = place_module(t, address - 1, row ? row->epoch : 0);
    struct symbol_frame f = {.offset = address};

    if (m) {
        f.module = trace_string(t, m->path);
        if (!f.module[0]) /* the executable itself */
            f.module = trace_string(t, trace_header(t)->executable);
        f.offset = address - m->base;
    }
    return f;
}

unsigned place_frames(const struct trace *t, struct symbols *s, uint32_t stack)
{
    unsigned count = 0;
    uint32_t depth = 0;

    if (s && symbols_stack(s, stack, &count) && count)
        return count;
    return trace_frames(t, stack, &depth) ? depth : 0;
}

struct symbol_frame place_frame(const struct trace *t, struct symbols *s, uint32_t stack, unsigned i)
{
    unsigned count = 0;
    uint32_t depth = 0;
    const struct symbol_frame *frames = s ? symbols_stack(s, stack, &count) : NULL;
    const uint64_t *raw;

    if (frames && count)
        return i < count ? frames[i] : (struct symbol_frame){0};
    raw = trace_frames(t, stack, &depth);
    return raw && i < depth ? place_raw_frame(t, stack, raw[i]) : (struct symbol_frame){0};
}

struct symbol_frame place_location(const struct trace *t, struct symbols *s, uint32_t stack)
{
    unsigned count = place_frames(t, s, stack);

    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame f = place_frame(t, s, stack, i);

        if (!f.internal)
            return f;
    }
    return place_frame(t, s, stack, 0);
}

bool place_is_library(const struct symbol_frame *f)
{
    static const char *const directories[] = {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"};

    for (size_t i = 0; f->module && i < sizeof directories / sizeof *directories; i++)
        if (strncmp(f->module, directories[i], strlen(directories[i])) == 0)
            return strstr(place_base_name(f->module), ".so") != NULL; /* programs lie there, too */
    return false;
}

struct symbol_frame place_user_location(const struct trace *t, struct symbols *s, uint32_t stack)
{
    struct symbol_frame at = place_location(t, s, stack);
    unsigned count = place_is_library(&at) && !at.line ? place_frames(t, s, stack) : 0;

    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame f = place_frame(t, s, stack, i);

        if (!f.internal && f.line && !place_is_library(&f))
            return f;
    }
    return at;
}

static uint64_t place_frame_hash(uint64_t hash, const struct symbol_frame *f)
{
    return place_hash(place_hash_text(hash, place_base_name(f->module)), f->offset);
}

uint64_t place_stack_hash(const struct trace *t, uint32_t stack)
{
    uint32_t depth = 0;
    const uint64_t *raw = trace_frames(t, stack, &depth);
    uint64_t hash = depth;

    for (uint32_t i = 0; raw && i < depth; i++) {
        struct symbol_frame f = place_raw_frame(t, stack, raw[i]);

        hash = place_frame_hash(hash, &f);
    }
    return hash;
}

static uint64_t place_source_hash(const struct symbol_frame *f)
{
    if (!f->function || !f->file || !f->line)
        return place_frame_hash(0, f);
    return place_hash(place_hash_text(place_hash_text(0, f->function), f->file), (uint64_t)f->line);
}

uint64_t place_location_hash(const struct trace *t, struct symbols *s, uint32_t stack)
{
    struct symbol_frame f = place_location(t, s, stack);

    return place_source_hash(&f);
}

uint64_t place_address_hash(struct symbols *s, uint64_t address)
{
    unsigned count = 0;
    const struct symbol_frame *frames = s ? symbols_address(s, address, true, &count) : NULL;

    for (unsigned i = 0; frames && i < count; i++)
        if (!frames[i].internal)
            return place_source_hash(&frames[i]);
    return place_hash(0, address);
}

uint64_t place_location_hash_from(const struct trace *t, struct symbols *s, uint32_t stack, uint64_t address)
{
    struct symbol_frame raw = place_raw_frame(t, stack, address);
    unsigned count = place_frames(t, s, stack);
    bool reached = false;

    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame f = place_frame(t, s, stack, i);

        reached = reached || f.offset == raw.offset;
        if (reached && !f.internal)
            return place_source_hash(&f);
    }
    return place_source_hash(&raw);
}

/* Bytes of name up to the end of an operator's own name, in which '<' and '>' open and close nothing. */
static size_t operator_length(const char *name)
{
    size_t length = strlen("operator");

    if (strncmp(name, "operator", length) != 0)
        return 0;
    return length + strspn(name + length, "<>=-*");
}

/* Copies what is outside of template arguments, which become "...". */
static void without_arguments(const char *name, size_t length, char *text, size_t size)
{
    size_t used = 0, i = 0;
    unsigned depth = 0;

    while (i < length && used + 5 < size) {
        size_t step = depth ? 0 : operator_length(name + i);

        step = step > length - i ? length - i : step;
        for (size_t end = i + step; i < end && used + 5 < size; i++)
            text[used++] = name[i];
        if (step)
            continue;
        if (name[i] == '>' && depth && --depth == 0)
            text[used++] = '>';
        else if (name[i] == '<' && depth++ == 0)
            used += (size_t)snprintf(text + used, size - used, "<...");
        else if (!depth)
            text[used++] = name[i];
        i++;
    }
    text[used] = '\0';
}

const char *place_function(const struct symbol_frame *f, char *text, size_t size)
{
    const char *name = f->function ? f->function : "";
    size_t length = strlen(name);

    if (length > FUNCTION_LONG)
        length = pattern_function_length(name);
    if (length > FUNCTION_LONG)
        without_arguments(name, length, text, size);
    else
        snprintf(text, size, "%.*s", (int)length, name);
    return text;
}

const char *place_text(const struct symbol_frame *f, char *text, size_t size)
{
    const char *module = place_base_name(f->module);
    char function[FUNCTION_TEXT];

    place_function(f, function, sizeof function);
    if (f->function && f->file)
        snprintf(text, size, "%s %s:%d", function, place_base_name(f->file), f->line);
    else if (f->function)
        snprintf(text, size, "%s in %s", function, module[0] ? module : "an unknown module");
    else if (module[0])
        snprintf(text, size, "%s+0x%llx", module, (unsigned long long)f->offset);
    else if (f->offset)
        snprintf(text, size, "0x%llx", (unsigned long long)f->offset);
    else
        snprintf(text, size, "an unknown place");
    return text;
}
