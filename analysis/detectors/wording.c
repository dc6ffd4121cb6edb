#include "wording.h"

#include "../place.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDING_MAX_NAMES 4u

uint32_t wording_thread_row(const struct model *m, uint32_t thread, uint32_t serial)
{
    const struct kiwi_thread *t = trace_thread(m->trace, thread);

    return t && (!serial || t->serial == serial) ? thread : 0;
}

const char *wording_thread(struct model *m, uint32_t thread)
{
    return thread ? model_thread_name(m, thread) : "a thread that has ended since";
}

/* Appends to text, which stays terminated; what does not fit is cut. */
static void __attribute__((format(printf, 3, 4))) append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

/* " in memcached" of a variable's name; NULL where the name is a place. */
static const char *name_module(const char *name)
{
    return strstr(name, " at ") ? NULL : strstr(name, " in ");
}

static void label_by_letter(struct finding *f, struct finding_object *o, unsigned number, bool alone)
{
    if (alone) {
        finding_set(f, &o->label, "the %s", o->kind);
        return;
    }
    if (number < 26)
        finding_set(f, &o->label, "%s %c", o->kind, 'A' + (int)number);
    else
        finding_set(f, &o->label, "%s %u", o->kind, number);
    if (number <= WORDING_MAX_LINKS)
        finding_evidence(f, "Called %s here: %s (at 0x%" PRIx64 ").", o->label ? o->label : "it", o->name, o->address);
}

void wording_label(struct finding *f)
{
    unsigned letters = 0;

    for (unsigned i = 0; i < f->object_count; i++) {
        struct finding_object *o = &f->objects[i];
        const char *module = o->name ? name_module(o->name) : NULL;

        if (o->label || !o->name || !o->kind)
            continue;
        if (module)
            finding_set(f, &o->label, "%.*s", (int)(module - o->name), o->name);
        else if (strstr(o->name, " at "))
            label_by_letter(f, o, letters++, f->object_count == 1);
        else
            finding_set(f, &o->label, "%s", o->name);
    }
}

const char *wording_lock(const struct finding *f, uint32_t object)
{
    for (unsigned i = 0; i < f->object_count; i++)
        if (f->objects[i].row == object && f->objects[i].label)
            return f->objects[i].label;
    return "the lock";
}

static const char *joint(unsigned i, unsigned shown, unsigned count)
{
    return !i ? "" : i + 1 == count && shown == count ? " and " : ", ";
}

const char *wording_locks(const struct finding *f, const uint32_t *objects, unsigned count, char *text, size_t size)
{
    unsigned shown = count <= WORDING_MAX_NAMES ? count : WORDING_MAX_NAMES - 1;

    text[0] = '\0';
    for (unsigned i = 0; i < shown; i++)
        append(text, size, "%s%s", joint(i, shown, count), wording_lock(f, objects[i]));
    if (shown < count)
        append(text, size, " and %u more", count - shown);
    return text;
}

/* The part that all names share: the whole name, or the module at its end. */
static const char *shared_part(struct model *m, const uint32_t *objects, unsigned count, bool whole)
{
    const char *first = model_object_name(m, objects[0]), *part = whole ? first : name_module(first);

    for (unsigned i = 1; part && i < count; i++) {
        const char *name = model_object_name(m, objects[i]), *other = whole ? name : name_module(name);

        if (!other || strcmp(part, other) != 0)
            return NULL;
    }
    return part;
}

/* " in an 800-byte block allocated at f.c:3", if that is one and the same block. */
static const char *shared_block(struct model *m, const uint32_t *objects, unsigned count)
{
    const struct kiwi_object *first = trace_object(m->trace, objects[0]);
    const char *name = model_object_name(m, objects[0]), *at = strstr(name, " at +0x");

    for (unsigned i = 0; i < count; i++) {
        const struct kiwi_object *o = trace_object(m->trace, objects[i]);

        if (!o || !o->block || o->block != first->block || o->kind != first->kind)
            return NULL;
    }
    return at ? strstr(at, " in a") : NULL;
}

static const char *number_word(unsigned count, char *text, size_t size)
{
    static const char *const words[] = {"no", "one", "two", "three", "four", "five", "six", "seven", "eight"};

    if (count < sizeof words / sizeof *words)
        return words[count];
    snprintf(text, size, "%u", count);
    return text;
}

/* "five mutexes" */
static void append_count(struct model *m, uint32_t object, unsigned count, char *text, size_t size)
{
    const char *kind = model_object_kind(m, object);
    char number[WORDING_SIZE];

    append(text, size, "%s %s%s", number_word(count, number, sizeof number), kind,
           kind[strlen(kind) - 1] == 'x' ? "es" : "s");
}

static void append_names(struct model *m, const uint32_t *objects, unsigned count, char *text, size_t size)
{
    const char *module = count > 1 ? shared_part(m, objects, count, false) : NULL;
    unsigned shown = count <= WORDING_MAX_NAMES ? count : WORDING_MAX_NAMES - 1;

    for (unsigned i = 0; i < shown; i++) {
        const char *name = model_object_name(m, objects[i]);

        append(text, size, "%s%.*s", joint(i, shown, count),
               (int)(module ? strlen(name) - strlen(module) : strlen(name)), name);
    }
    append(text, size, "%s", module ? module : "");
    if (shown < count)
        append(text, size, " and %u more", count - shown);
}

const char *wording_title(struct model *m, const uint32_t *objects, unsigned count, char *text, size_t size)
{
    const char *same = count > 1 ? shared_part(m, objects, count, true) : NULL;
    const char *block = count > 2 && !same ? shared_block(m, objects, count) : NULL;

    text[0] = '\0';
    if (same) {
        const char *kind = model_object_kind(m, objects[0]);

        if (strncmp(same, kind, strlen(kind)) == 0 && same[strlen(kind)] == ' ')
            same += strlen(kind) + 1; /* "mutex at +0x28 in ..." */
        append_count(m, objects[0], count, text, size);
        append(text, size, ", each %s", same);
    } else if (block) {
        append_count(m, objects[0], count, text, size);
        append(text, size, "%s", block);
    } else {
        append_names(m, objects, count, text, size);
    }
    return text;
}

const char *wording_site(struct model *m, uint32_t stack, uint32_t other, char *text, size_t size)
{
    struct symbol_frame at = place_location(m->trace, m->symbols, stack);
    struct symbol_frame beside = place_location(m->trace, m->symbols, other);
    unsigned count = place_frames(m->trace, m->symbols, stack), i = 0;
    char caller[WORDING_SIZE];

    snprintf(text, size, "%s", model_site(m, stack));
    if (!at.function || !beside.function || strcmp(at.function, beside.function) != 0)
        return text;
    while (i < count && place_frame(m->trace, m->symbols, stack, i).internal)
        i++;
    if (i + 1 < count) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i + 1);

        if (f.function && !f.internal)
            append(text, size, ", called from %s", place_text(&f, caller, sizeof caller));
    }
    return text;
}

const char *wording_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/*
 * What to run to get this program: its file, but of one file with many names (redis-server is a link to
 * redis-check-rdb) the name that was used, as the main thread has it.
 */
static const char *command_name(const struct model *m, const char *program)
{
    const struct kiwi_thread *main = trace_thread(m->trace, 1);
    const char *base = place_base_name(program), *name = main ? main->name : "";
    size_t length = strlen(name);

    if (!program[0])
        return "SERVICE";
    if (!main || !(main->flags & KIWI_THREAD_MAIN) || !length || strncmp(base, name, length) == 0)
        return program;
    return strpbrk(name, " :/") ? program : name; /* a title that it gave itself */
}

static void validation_set(struct finding *f, struct model *m, const char *option, const char *ids,
                           const char *expectation)
{
    const struct kiwi_header *h = trace_header(m->trace);
    const char *program = trace_string(m->trace, h->executable);
    const char *name = program[0] ? place_base_name(program) : "SERVICE";

    finding_set(f, &f->validation,
                "Run it again under the load that showed this, `kiwi run %s-- %s ...`, and then `kiwi report --only=%s "
                "kiwi.%s.*.trace`: %s",
                option, command_name(m, program), ids, name, expectation);
}

void wording_validation(struct finding *f, struct model *m, const char *ids, const char *expectation)
{
    validation_set(f, m, "", ids, expectation);
}

void wording_validation_exact(struct finding *f, struct model *m, const char *ids, const char *expectation)
{
    validation_set(f, m, "--heap=exact ", ids, expectation);
}

void wording_seen(struct finding *f, struct model *m, uint64_t first_ticks, uint64_t last_ticks)
{
    f->first_seen_ns = first_ticks ? trace_realtime_ns(m->trace, first_ticks) : 0;
    f->last_seen_ns = last_ticks ? trace_realtime_ns(m->trace, last_ticks) : 0;
}
