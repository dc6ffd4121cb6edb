/* The findings as entries for a file of suppressions: to be pasted, judged, given a reason, and made wider by hand. */
#include "outline.h"

#include "../pattern.h"
#include "../place.h"

#include <errno.h>
#include <string.h>

/* Without its parameters: the entry should survive a new one. */
static void write_function(FILE *out, const char *key, const char *function)
{
    fprintf(out, "%s = %.*s\n", key, (int)pattern_function_length(function), function);
}

static const char *stack_function(const struct finding *f, unsigned s)
{
    const struct finding_stack *stack = &f->stacks[s];

    return place_location(stack->trace, stack->symbols, stack->stack).function;
}

/* The functions of the stacks behind the first one, which gives the location; each once. */
static void write_functions(FILE *out, const struct finding *f)
{
    for (unsigned s = 1; s < f->stack_count; s++) {
        const char *function = stack_function(f, s);
        bool written = !function;

        for (unsigned i = 0; i < s && !written; i++)
            written = stack_function(f, i) && strcmp(stack_function(f, i), function) == 0;
        if (!written)
            write_function(out, "function", function);
    }
}

static void write_places(FILE *out, const struct finding *f)
{
    struct symbol_frame at;
    bool known = outline_location(f, &at);

    if (known && at.function) {
        /* Which lock of a circle comes first is chance. */
        write_function(out, f->object_count > 1 ? "function" : "location", at.function);
        write_functions(out, f);
        return;
    }
    fprintf(out, "# The function there has no name, so this hides more than one place: debug symbols would help.\n");
    if (known && at.module)
        fprintf(out, "module = %s\n", place_base_name(at.module));
}

/* "shards[].lock" as a pattern, any element. Names that only say what kind of object it is would match too much. */
static void write_object(FILE *out, const struct finding *f, unsigned index)
{
    const struct finding_object *o = &f->objects[index];

    if (!o->identity || strcmp(o->identity, o->kind) == 0)
        return;
    for (unsigned i = 0; i < index; i++)
        if (f->objects[i].identity && strcmp(f->objects[i].identity, o->identity) == 0)
            return;
    fputs("lock = ", out);
    for (const char *c = o->identity; *c; c++) {
        fputc(*c, out);
        if (c[0] == '[' && c[1] == ']')
            fputc('*', out);
    }
    fputc('\n', out);
}

int review_render_suppressions(const struct review *r, FILE *out, const struct render_options *o)
{
    (void)o;
    errno = 0;
    for (unsigned i = 0; i < r->findings.count; i++) {
        const struct finding *f = r->findings.items[i];

        fprintf(out, "# %s: %s\n[%s]\n# reason = why this is accepted\n", severity_name(f->severity), f->title,
                finding_info(f->id)->id);
        write_places(out, f);
        for (unsigned n = 0; n < f->object_count; n++)
            write_object(out, f, n);
        fputc('\n', out);
    }
    return fflush(out) || ferror(out) ? -1 : 0;
}
