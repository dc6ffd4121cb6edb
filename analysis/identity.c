#include "identity.h"

#include "pattern.h"
#include "place.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 1024 /* longer names are cut */

int identity_add(struct identity_names *names, const char *name)
{
    char **items;

    for (unsigned i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return 0;
    items = reallocarray(names->items, names->count + 1ul, sizeof *items);
    if (!items)
        return -1;
    names->items = items;
    items[names->count] = strdup(name);
    return items[names->count] ? (int)(names->count++, 0) : -1;
}

static void names_release(struct identity_names *names)
{
    for (unsigned i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

void identity_release(struct identity *i)
{
    names_release(&i->functions);
    names_release(&i->objects);
    *i = (struct identity){0};
}

/* The function's name as another compiler run would have it; a place in the module if it has none. */
static const char *frame_name(const struct symbol_frame *f, char *text, size_t size)
{
    const char *clone = f->function ? strstr(f->function, " [clone ") : NULL;

    if (!f->function)
        return place_text(f, text, size);
    snprintf(text, size, "%.*s", clone ? (int)(clone - f->function) : (int)strlen(f->function), f->function);
    return text;
}

int identity_of(struct identity *i, const struct finding *f)
{
    char name[NAME_SIZE];

    for (unsigned s = 0; s < f->stack_count; s++) {
        const struct finding_stack *stack = &f->stacks[s];
        struct symbol_frame at = place_location(stack->trace, stack->symbols, stack->stack);

        if (place_frames(stack->trace, stack->symbols, stack->stack) &&
            identity_add(&i->functions, frame_name(&at, name, sizeof name)))
            return -1;
    }
    for (unsigned o = 0; o < f->object_count; o++)
        if (f->objects[o].identity && identity_add(&i->objects, f->objects[o].identity))
            return -1;
    return 0;
}

static unsigned names_shared(const struct identity_names *a, const struct identity_names *b)
{
    unsigned shared = 0;

    for (unsigned i = 0; i < a->count; i++)
        for (unsigned j = 0; j < b->count; j++)
            shared += strcmp(a->items[i], b->items[j]) == 0;
    return shared;
}

bool identity_same(const struct identity *a, const struct identity *b)
{
    unsigned objects = names_shared(&a->objects, &b->objects);
    unsigned functions = names_shared(&a->functions, &b->functions);
    unsigned all = a->functions.count + b->functions.count - functions;

    return objects == a->objects.count && objects == b->objects.count && 2 * functions >= all;
}

/* Which element of an array it was, and how far from a symbol, differ from run to run and from build to build. */
static void without_numbers(const char *name, char *text, size_t size)
{
    size_t used = 0;

    for (; *name && used + 1 < size; name++) {
        text[used++] = *name;
        if (*name == '[')
            name += strspn(name + 1, "0123456789");
    }
    text[used] = '\0';
}

static bool variable_identity(struct model *m, const struct kiwi_object *o, char *text, size_t size)
{
    const char *module, *name;
    uint64_t offset = 0;

    name = m->symbols && !(o->flags & KIWI_OBJECT_CLASS) ? symbols_variable(m->symbols, o->address, &offset, &module)
                                                         : NULL;
    if (name)
        without_numbers(name, text, size);
    return name != NULL;
}

/* "NOUN WHERE conn_new" of one code address; false if the function is not known. */
static bool caller_identity(struct model *m, uint64_t address, const char *kind, char *text, size_t size)
{
    unsigned count = 0;
    const struct symbol_frame *frames = m->symbols ? symbols_address(m->symbols, address, true, &count) : NULL;
    unsigned i = 0;
    char name[NAME_SIZE];

    while (i + 1 < count && frames[i].internal)
        i++;
    if (!count || !frames[i].function)
        return false;
    snprintf(text, size, "%s in a block of %s", kind, frame_name(&frames[i], name, sizeof name));
    return true;
}

const char *identity_object(struct model *m, uint32_t object, char *text, size_t size)
{
    const struct kiwi_object *o = trace_object(m->trace, object);
    const char *kind = model_object_kind(m, object);
    char name[NAME_SIZE];

    if (o && o->name && trace_string(m->trace, o->name)[0]) {
        without_numbers(trace_string(m->trace, o->name), text, size);
    } else if (o && variable_identity(m, o, text, size)) {
        return text;
    } else if (o && o->block && o->block_caller && caller_identity(m, o->block_caller, kind, text, size)) {
        return text;
    } else if (o && o->init_stack) {
        struct symbol_frame at = place_location(m->trace, m->symbols, o->init_stack);

        snprintf(text, size, "%s of %s", kind, frame_name(&at, name, sizeof name));
    } else { /* where it was used first is chance */
        snprintf(text, size, "%s", kind);
    }
    return text;
}
