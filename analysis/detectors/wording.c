#include "wording.h"

#include "../place.h"

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

const char *wording_objects(struct model *m, const uint32_t *objects, unsigned count, char *text, size_t size)
{
    unsigned shown = count <= WORDING_MAX_NAMES ? count : WORDING_MAX_NAMES - 1;

    text[0] = '\0';
    for (unsigned i = 0; i < shown; i++)
        append(text, size, "%s%s", !i ? "" : i + 1 == count ? " and " : ", ", model_object_name(m, objects[i]));
    if (shown < count)
        append(text, size, " and %u more", count - shown);
    return text;
}

const char *wording_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void wording_validation(struct finding *f, struct model *m, const char *ids, const char *expectation)
{
    const struct kiwi_header *h = trace_header(m->trace);
    const char *program = trace_string(m->trace, h->executable);
    const char *name = program[0] ? place_base_name(program) : "SERVICE";

    finding_set(f, &f->validation,
                "Run it again under the load that showed this, `kiwi run -- %s ...`, and then `kiwi report --only=%s "
                "kiwi.%s.*.trace`: %s",
                program[0] ? program : "SERVICE", ids, name, expectation);
}

void wording_seen(struct finding *f, struct model *m, uint64_t first_ticks, uint64_t last_ticks)
{
    f->first_seen_ns = first_ticks ? trace_realtime_ns(m->trace, first_ticks) : 0;
    f->last_seen_ns = last_ticks ? trace_realtime_ns(m->trace, last_ticks) : 0;
}
