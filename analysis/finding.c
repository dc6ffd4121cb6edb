#include "finding.h"

#include "identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDING_IDENTITY 1024 /* longer names are cut */

static const struct finding_info finding_infos[FINDING_COUNT] = {
#define FINDING(enumerator, id, category, severity, title) [FINDING_##enumerator] = {id, category, severity, title},
#include "findings.def"
#undef FINDING
};

const struct finding_info *finding_info(enum finding_id id)
{
    return &finding_infos[id];
}

int finding_by_name(const char *id)
{
    for (int i = 0; i < FINDING_COUNT; i++)
        if (strcmp(finding_infos[i].id, id) == 0)
            return i;
    return -1;
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {"INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"};

    return names[s];
}

const char *confidence_name(enum confidence c)
{
    static const char *const names[] = {"Low", "Medium", "High"};

    return names[c];
}

static char *finding_format(const char *format, va_list arguments)
{
    char *text = NULL;

    return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

/* Room for one more item; the new item is zeroed. NULL when out of memory, with the old array untouched. */
static void *finding_grow(void *array, unsigned *count, size_t size)
{
    char **items = array;
    char *grown = reallocarray(*items, *count + 1, size);

    if (!grown)
        return NULL;
    *items = grown;
    return memset(grown + (*count)++ * size, 0, size);
}

struct finding *finding_add(struct finding_list *list, enum finding_id id)
{
    struct finding *f;

    if (list->count == list->capacity) {
        unsigned capacity = list->capacity ? 2 * list->capacity : 16;
        struct finding **items = reallocarray(list->items, capacity, sizeof *items);

        if (!items)
            return NULL;
        list->items = items;
        list->capacity = capacity;
    }
    f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->id = id;
    f->severity = finding_infos[id].severity;
    f->confidence = CONFIDENCE_MEDIUM;
    f->count = 1;
    f->processes = 1;
    f->suppression = -1;
    finding_set(f, &f->title, "%s", finding_infos[id].title);
    list->items[list->count++] = f;
    return f;
}

void finding_set(struct finding *f, char **field, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = finding_format(format, arguments);
    va_end(arguments);
    if (!text) {
        f->incomplete = true;
        return;
    }
    free(*field);
    *field = text;
}

void finding_evidence(struct finding *f, const char *format, ...)
{
    va_list arguments;
    char *text, **line;

    va_start(arguments, format);
    text = finding_format(format, arguments);
    va_end(arguments);
    line = text ? finding_grow(&f->evidence, &f->evidence_count, sizeof *line) : NULL;
    if (!line) {
        free(text);
        f->incomplete = true;
        return;
    }
    *line = text;
}

static const char *object_kind_name(const struct kiwi_object *o)
{
    switch (o ? o->kind : 0) {
#define X(id, name, text)                                                                                              \
    case id:                                                                                                           \
        return text;
        KIWI_OBJECT_KINDS(X)
#undef X
    default:
        return "object";
    }
}

void finding_object(struct finding *f, struct model *m, uint32_t object)
{
    const struct kiwi_object *row = trace_object(m->trace, object);
    char identity[FINDING_IDENTITY];
    struct finding_object *o;

    for (unsigned i = 0; i < f->object_count; i++)
        if (f->objects[i].row == object)
            return;
    o = finding_grow(&f->objects, &f->object_count, sizeof *o);
    if (!o) {
        f->incomplete = true;
        return;
    }
    o->row = object;
    o->address = row ? row->address : 0;
    finding_set(f, &o->kind, "%s", object_kind_name(row));
    finding_set(f, &o->name, "%s", model_object_name(m, object));
    finding_set(f, &o->identity, "%s", identity_object(m, object, identity, sizeof identity));
}

void finding_stack(struct finding *f, struct model *m, uint32_t stack, uint32_t thread, const char *format, ...)
{
    struct finding_stack *s = finding_grow(&f->stacks, &f->stack_count, sizeof *s);
    va_list arguments;

    if (!s) {
        f->incomplete = true;
        return;
    }
    s->stack = stack;
    s->trace = m->trace;
    s->symbols = m->symbols;
    va_start(arguments, format);
    s->label = finding_format(format, arguments);
    va_end(arguments);
    if (!s->label)
        f->incomplete = true;
    finding_set(f, &s->thread, "%s", thread ? model_thread_name(m, thread) : "");
}

void finding_take_stack(struct finding *f, struct finding *from, unsigned index)
{
    struct finding_stack *s = finding_grow(&f->stacks, &f->stack_count, sizeof *s);

    if (!s) {
        f->incomplete = true;
        return;
    }
    *s = from->stacks[index];
    from->stacks[index].label = NULL;
    from->stacks[index].thread = NULL;
}

void finding_free(struct finding *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->evidence_count; i++)
        free(f->evidence[i]);
    for (unsigned i = 0; i < f->object_count; i++) {
        free(f->objects[i].kind);
        free(f->objects[i].name);
        free(f->objects[i].label);
        free(f->objects[i].identity);
    }
    for (unsigned i = 0; i < f->stack_count; i++) {
        free(f->stacks[i].label);
        free(f->stacks[i].thread);
    }
    free(f->evidence);
    free(f->objects);
    free(f->stacks);
    free(f->title);
    free(f->why);
    free(f->fix);
    free(f->validation);
    free(f);
}

void finding_list_release(struct finding_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        finding_free(list->items[i]);
    free(list->items);
    *list = (struct finding_list){0};
}
