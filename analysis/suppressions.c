#include "suppressions.h"

#include "pattern.h"
#include "place.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_TEXT "reason, location, function, file, module, lock or object"

static const char *const key_words[SUPPRESSION_KEY_COUNT] = {
#define X(enumerator, word, text) [SUPPRESSION_##enumerator] = word,
        SUPPRESSION_KEYS(X)
#undef X
};

/* Where the parser is, and what went wrong there. */
struct parser {
    struct suppressions *s;
    struct suppression *entry; /* NULL before the first "[finding-id]" */
    const char *path;
    unsigned line;
    char problem[512]; /* "" = none */
};

static int wrong(struct parser *p, const char *problem, const char *detail)
{
    snprintf(p->problem, sizeof p->problem, "%s%.200s%s", problem, detail ? detail : "", detail ? "'" : "");
    return -1;
}

static int out_of_memory(struct parser *p)
{
    return wrong(p, "out of memory", NULL);
}

static char *trimmed(char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n\v\f");
    for (length = strlen(text); length && isspace((unsigned char)text[length - 1]); length--)
        ;
    text[length] = '\0';
    return text;
}

static bool some_id_matches(const char *pattern)
{
    for (int id = 0; id < FINDING_COUNT; id++)
        if (pattern_matches(pattern, finding_info((enum finding_id)id)->id))
            return true;
    return false;
}

/* An entry that hides every finding there is, is a mistake. */
static int finish_entry(struct parser *p)
{
    const struct suppression *e = p->entry;

    if (!e || e->condition_count || e->id[strspn(e->id, "*")] != '\0')
        return 0;
    p->line = e->line;
    return wrong(p, "this entry hides every finding: name an id or give a condition", NULL);
}

static int begin_entry(struct parser *p, char *text)
{
    struct suppression *entries, *e;
    size_t length = strlen(text);

    if (finish_entry(p))
        return -1;
    if (text[length - 1] != ']')
        return wrong(p, "a ']' is missing after the finding's id", NULL);
    text[length - 1] = '\0';
    text = trimmed(text + 1);
    if (!some_id_matches(text))
        return wrong(p, "no finding has the id '", text);
    entries = reallocarray(p->s->entries, p->s->count + 1ul, sizeof *entries);
    if (!entries)
        return out_of_memory(p);
    p->s->entries = entries;
    e = &entries[p->s->count++];
    *e = (struct suppression){.file = strdup(p->path), .line = p->line, .id = strdup(text)};
    p->entry = e;
    return e->file && e->id ? 0 : out_of_memory(p);
}

static int add_reason(struct parser *p, const char *value)
{
    if (p->entry->reason)
        return wrong(p, "this entry has a reason already", NULL);
    p->entry->reason = strdup(value);
    return p->entry->reason ? 0 : out_of_memory(p);
}

static int add_condition(struct parser *p, enum suppression_key key, const char *value)
{
    struct suppression *e = p->entry;
    struct suppression_condition *conditions =
            reallocarray(e->conditions, e->condition_count + 1ul, sizeof *conditions);

    if (!conditions)
        return out_of_memory(p);
    e->conditions = conditions;
    conditions[e->condition_count] = (struct suppression_condition){.key = key, .pattern = strdup(value)};
    return conditions[e->condition_count++].pattern ? 0 : out_of_memory(p);
}

static int parse_setting(struct parser *p, char *text)
{
    char *equals = strchr(text, '='), *key, *value;

    if (!p->entry)
        return wrong(p, "an entry begins with its [finding-id]", NULL);
    if (!equals)
        return wrong(p, "want 'key = pattern', not '", text);
    *equals = '\0';
    key = trimmed(text);
    value = trimmed(equals + 1);
    if (!*value)
        return wrong(p, "no value after '", key);
    if (strcmp(key, "reason") == 0)
        return add_reason(p, value);
    for (int k = 0; k < SUPPRESSION_KEY_COUNT; k++)
        if (strcmp(key_words[k], key) == 0)
            return add_condition(p, (enum suppression_key)k, value);
    return wrong(p, "want " KEYS_TEXT ", not '", key);
}

static int parse_line(struct parser *p, char *line)
{
    char *text = trimmed(line);

    if (!*text || *text == '#')
        return 0;
    return *text == '[' ? begin_entry(p, text) : parse_setting(p, text);
}

static int parse_file(struct parser *p, FILE *in)
{
    char *line = NULL;
    size_t capacity = 0;
    int result = 0;
    ssize_t length;

    errno = 0;
    while (!result && (length = getline(&line, &capacity, in)) >= 0) {
        p->line++;
        result = strlen(line) < (size_t)length ? wrong(p, "not a text file", NULL) : parse_line(p, line);
    }
    if (!result && ferror(in)) {
        p->line = 0;
        result = wrong(p, strerror(errno), NULL);
    }
    free(line);
    return result ? result : finish_entry(p);
}

int suppressions_read(struct suppressions *s, const char *path, char *error, size_t error_size)
{
    struct parser p = {.s = s, .path = path};
    FILE *in = fopen(path, "re");
    int result;

    if (!in) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    result = parse_file(&p, in);
    fclose(in);
    if (result && p.line)
        snprintf(error, error_size, "%s:%u: %s", path, p.line, p.problem);
    else if (result)
        snprintf(error, error_size, "%s: %s", path, p.problem);
    return result;
}

void suppressions_release(struct suppressions *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct suppression *e = &s->entries[i];

        for (unsigned c = 0; c < e->condition_count; c++)
            free(e->conditions[c].pattern);
        free(e->conditions);
        free(e->file);
        free(e->id);
        free(e->reason);
    }
    free(s->entries);
    *s = (struct suppressions){0};
}

/* Names may say where a lock was made: "... allocated at conn_new conn.c:112". The number is not to be relied on. */
static void without_lines(const char *name, char *text, size_t size)
{
    size_t used = 0;

    for (; *name && used + 1 < size; name++) {
        if (*name == ':' && isdigit((unsigned char)name[1]))
            name += strspn(name + 1, "0123456789");
        else
            text[used++] = *name;
    }
    text[used] = '\0';
}

static bool object_matches(const char *pattern, const struct finding_object *o)
{
    char name[1024], *module;

    if (pattern_matches(pattern, o->name) || pattern_matches(pattern, o->identity))
        return true;
    if (!o->name)
        return false;
    without_lines(o->name, name, sizeof name);
    if (pattern_matches(pattern, name))
        return true;
    module = strstr(name, " in ");
    if (module)
        *module = '\0';
    return module && pattern_matches(pattern, name);
}

static bool some_object_matches(const char *pattern, const struct finding *f)
{
    for (unsigned i = 0; i < f->object_count; i++)
        if (object_matches(pattern, &f->objects[i]))
            return true;
    return false;
}

static bool frame_matches(const struct suppression_condition *c, const struct symbol_frame *at)
{
    switch (c->key) {
    case SUPPRESSION_FILE:
        return pattern_matches_path(c->pattern, at->file);
    case SUPPRESSION_MODULE:
        return pattern_matches_path(c->pattern, at->module);
    default:
        return pattern_matches_function(c->pattern, at->function);
    }
}

static bool some_frame_matches(const struct suppression_condition *c, const struct finding *f)
{
    for (unsigned s = 0; s < f->stack_count; s++) {
        const struct finding_stack *stack = &f->stacks[s];
        unsigned count = place_frames(stack->trace, stack->symbols, stack->stack);

        for (unsigned i = 0; i < count; i++) {
            struct symbol_frame at = place_frame(stack->trace, stack->symbols, stack->stack, i);

            if (frame_matches(c, &at))
                return true;
        }
    }
    return false;
}

static bool location_matches(const struct suppression_condition *c, const struct finding *f)
{
    const struct finding_stack *s = f->stack_count ? &f->stacks[0] : NULL;
    struct symbol_frame at, user;

    if (!s)
        return false;
    at = place_location(s->trace, s->symbols, s->stack);
    user = place_user_location(s->trace, s->symbols, s->stack);
    return frame_matches(c, &at) || frame_matches(c, &user);
}

static bool condition_holds(const struct suppression_condition *c, const struct finding *f)
{
    switch (c->key) {
    case SUPPRESSION_LOCATION:
        return location_matches(c, f);
    case SUPPRESSION_LOCK:
    case SUPPRESSION_OBJECT:
        return some_object_matches(c->pattern, f);
    default:
        return some_frame_matches(c, f);
    }
}

static bool entry_fits(const struct suppression *e, const struct finding *f)
{
    if (!pattern_matches(e->id, finding_info(f->id)->id))
        return false;
    for (unsigned i = 0; i < e->condition_count; i++)
        if (!condition_holds(&e->conditions[i], f))
            return false;
    return true;
}

int suppressions_find(struct suppressions *s, const struct finding *f)
{
    int first = -1;

    for (unsigned i = 0; i < s->count; i++) {
        if (!entry_fits(&s->entries[i], f))
            continue;
        s->entries[i].matched = true;
        if (first < 0)
            first = (int)i;
    }
    return first;
}
