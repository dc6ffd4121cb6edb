/* The review as JSON: docs/report.schema.json, "kiwi-report/1". */
#include "outline.h"

#include "../identity.h"
#include "../place.h"
#include "../settings.h"
#include "../text.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/*
 * Jansson's _new functions take over the value and refuse NULL, so one check at the end of each set is enough: a failed
 * allocation anywhere shows as `failed`.
 */
struct builder {
    bool failed;
};

static void put(struct builder *b, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        b->failed = true;
}

static void push(struct builder *b, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        b->failed = true;
}

/* Names come from files: what is not UTF-8 becomes '?'. NULL becomes null. */
static json_t *text(const char *value)
{
    json_t *string;
    char *copy;

    if (!value)
        return json_null();
    string = json_string(value);
    if (string)
        return string;
    copy = strdup(value);
    if (copy) {
        text_clean(copy, strlen(copy));
        string = json_string(copy);
    }
    free(copy);
    return string;
}

static json_t *text_or_null(const char *value)
{
    return value && value[0] ? text(value) : json_null();
}

static json_t *when(uint64_t realtime_ns)
{
    char iso[40];

    return text_or_null(outline_time(realtime_ns, iso, sizeof iso));
}

static void put_place(struct builder *b, json_t *object, const struct symbol_frame *f)
{
    put(b, object, "function", text(f->function));
    put(b, object, "file", text(f->file));
    put(b, object, "line", f->file && f->line ? json_integer(f->line) : json_null());
    put(b, object, "module", text(f->module));
}

static json_t *location(struct builder *b, const struct finding *f)
{
    struct symbol_frame at = {0};
    json_t *object = json_object();

    outline_location(f, &at);
    put_place(b, object, &at);
    return object;
}

static json_t *strings(struct builder *b, char *const *items, unsigned count)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < count; i++)
        push(b, array, text(items[i]));
    return array;
}

static json_t *objects(struct builder *b, const struct finding *f)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < f->object_count; i++) {
        json_t *object = json_object();
        char address[24];

        snprintf(address, sizeof address, "0x%llx", (unsigned long long)f->objects[i].address);
        put(b, object, "kind", text(f->objects[i].kind));
        put(b, object, "name", text(f->objects[i].name));
        put(b, object, "address", text(address));
        push(b, array, object);
    }
    return array;
}

static json_t *frames(struct builder *b, const struct finding_stack *s)
{
    unsigned count = place_frames(s->trace, s->symbols, s->stack);
    json_t *array = json_array();

    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame f = place_frame(s->trace, s->symbols, s->stack, i);
        json_t *frame = json_object();

        put_place(b, frame, &f);
        put(b, frame, "offset", json_integer((json_int_t)f.offset));
        push(b, array, frame);
    }
    return array;
}

static json_t *stacks(struct builder *b, const struct finding *f)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < f->stack_count; i++) {
        json_t *stack = json_object();

        put(b, stack, "label", text(f->stacks[i].label));
        put(b, stack, "thread", text_or_null(f->stacks[i].thread));
        put(b, stack, "frames", frames(b, &f->stacks[i]));
        push(b, array, stack);
    }
    return array;
}

/* What makes it the same finding in another run or build: --baseline reads this again. */
static json_t *identity(struct builder *b, const struct finding *f)
{
    struct identity i = {0};
    json_t *object = json_object();

    if (identity_of(&i, f))
        b->failed = true;
    put(b, object, "functions", strings(b, i.functions.items, i.functions.count));
    put(b, object, "objects", strings(b, i.objects.items, i.objects.count));
    identity_release(&i);
    return object;
}

static json_t *finding(struct builder *b, const struct finding *f)
{
    const struct finding_info *info = finding_info(f->id);
    json_t *object = json_object();

    put(b, object, "id", text(info->id));
    put(b, object, "severity", text(severity_name(f->severity)));
    put(b, object, "confidence", text(confidence_name(f->confidence)));
    if (f->grade)
        put(b, object, "grade", text(f->grade));
    put(b, object, "category", text(info->category));
    put(b, object, "title", text(f->title));
    put(b, object, "location", location(b, f));
    put(b, object, "why", text(f->why ? f->why : ""));
    put(b, object, "evidence", strings(b, f->evidence, f->evidence_count));
    put(b, object, "fix", text(f->fix ? f->fix : ""));
    put(b, object, "validation", text(f->validation ? f->validation : ""));
    put(b, object, "count", json_integer((json_int_t)(f->count & INT64_MAX)));
    put(b, object, "objects", objects(b, f));
    put(b, object, "stacks", stacks(b, f));
    put(b, object, "identity", identity(b, f));
    put(b, object, "first_seen", when(f->first_seen_ns));
    put(b, object, "last_seen", when(f->last_seen_ns));
    return object;
}

static json_t *todo(struct builder *b, const struct review *r, bool required)
{
    json_t *array = json_array();
    char line[2 * OUTLINE_TEXT];

    if (required && outline_unread(r))
        push(b, array, text(outline_unread(r)));
    for (unsigned i = 0; i < r->findings.count; i++)
        if (outline_required(r->findings.items[i]) == required)
            push(b, array, text(outline_item(r->findings.items[i], line, sizeof line)));
    return array;
}

static json_t *summary(struct builder *b, const struct review *r)
{
    json_t *object = json_object();

    put(b, object, "verdict", text(outline_verdict(r)));
    put(b, object, "risk", text(outline_risk(r)));
    put(b, object, "top_concern", text(r->top_concern));
    put(b, object, "confidence", text(confidence_name(r->confidence)));
    return object;
}

/* All that were in force, as a user would write them. */
static json_t *options(struct builder *b, const struct trace *t)
{
    json_t *object = json_object();
    char value[SETTINGS_TEXT];

    for (unsigned i = 0; settings_known(t) && settings_name(i); i++)
        put(b, object, settings_name(i), text(settings_value(t, settings_name(i), value, sizeof value)));
    return object;
}

static json_t *processes(struct builder *b, const struct health *h)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < h->process_count; i++) {
        const struct health_process *p = &h->processes[i];
        json_t *object = json_object();

        put(b, object, "pid", json_integer(p->pid));
        put(b, object, "parent", p->parent ? json_integer(p->parent) : json_null());
        put(b, object, "executable", text_or_null(p->executable));
        put(b, object, "host", text_or_null(p->host));
        put(b, object, "started", when(p->started_ns));
        put(b, object, "ended", when(p->ended_ns));
        put(b, object, "trace", text(p->trace));
        put(b, object, "options", options(b, p->recording));
        push(b, array, object);
    }
    return array;
}

static json_t *baseline_entry(struct builder *b, const struct baseline_entry *e)
{
    json_t *object = json_object();

    put(b, object, "id", text(finding_info(e->id)->id));
    put(b, object, "title", text(e->title));
    put(b, object, "before", text(severity_name(e->severity)));
    put(b, object, "now", e->seen ? text(severity_name(e->now)) : json_null());
    return object;
}

static json_t *baseline(struct builder *b, const struct review *r)
{
    json_t *object = json_object(), *changed = json_array(), *fixed = json_array();

    for (unsigned i = 0; i < r->baseline->count; i++) {
        const struct baseline_entry *e = &r->baseline->entries[i];

        if (e->asked && (!e->seen || e->now != e->severity))
            push(b, e->seen ? changed : fixed, baseline_entry(b, e));
    }
    put(b, object, "new", json_integer(r->findings.count));
    put(b, object, "known", json_integer(r->known.count));
    put(b, object, "changed", changed);
    put(b, object, "fixed", fixed);
    return object;
}

static json_t *suppressed(struct builder *b, const struct review *r)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < r->suppressions->count; i++) {
        const struct suppression *e = &r->suppressions->entries[i];
        json_t *object = json_object();

        put(b, object, "file", text(e->file));
        put(b, object, "line", json_integer(e->line));
        put(b, object, "id", text(e->id));
        put(b, object, "reason", text(e->reason));
        put(b, object, "findings", json_integer(e->hid));
        push(b, array, object);
    }
    return array;
}

static json_t *dropped(struct builder *b, const struct health *h)
{
    json_t *object = json_object();

    for (unsigned kind = 0; kind < KIWI_DROP_LIMIT; kind++) {
        char name[32];

        if (!h->dropped[kind])
            continue;
        snprintf(name, sizeof name, "%s", health_drop_name((enum kiwi_drop)kind));
        for (char *c = name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        put(b, object, name, json_integer((json_int_t)(h->dropped[kind] & INT64_MAX)));
    }
    return object;
}

static json_t *health(struct builder *b, const struct review *r)
{
    const struct health *h = &r->health;
    json_t *object = json_object();

    put(b, object, "dropped", dropped(b, h));
    put(b, object, "notes", strings(b, h->notes.items, h->notes.count));
    put(b, object, "unseen", strings(b, h->unseen.items, h->unseen.count));
    if (r->suppressions)
        put(b, object, "suppressions", suppressed(b, r));
    return object;
}

static json_t *findings(struct builder *b, const struct review *r)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < r->findings.count; i++)
        push(b, array, finding(b, r->findings.items[i]));
    return array;
}

int review_render_json(const struct review *r, FILE *out, const struct render_options *o)
{
    struct builder b = {0};
    json_t *root = json_object();
    int result;

    (void)o;
    errno = 0;
    put(&b, root, "schema", text("kiwi-report/1"));
    put(&b, root, "review", summary(&b, r));
    put(&b, root, "findings", findings(&b, r));
    put(&b, root, "required_before_merge", todo(&b, r, true));
    put(&b, root, "follow_up", todo(&b, r, false));
    put(&b, root, "processes", processes(&b, &r->health));
    if (r->baseline)
        put(&b, root, "baseline", baseline(&b, r));
    put(&b, root, "health", health(&b, r));
    if (b.failed)
        errno = ENOMEM;
    result = b.failed || json_dumpf(root, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) || fputc('\n', out) == EOF;
    json_decref(root);
    return result || fflush(out) || ferror(out) ? -1 : 0;
}
