#include "baseline.h"

#include "text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "kiwi-report/1"

static void entry_release(struct baseline_entry *e)
{
    free(e->title);
    identity_release(&e->identity);
}

void baseline_release(struct baseline *b)
{
    for (unsigned i = 0; i < b->count; i++)
        entry_release(&b->entries[i]);
    free(b->entries);
    *b = (struct baseline){0};
}

/* Takes over the entry. One that is there already, from another trace or report, keeps the worse severity. */
static int add_entry(struct baseline *b, struct baseline_entry *e)
{
    struct baseline_entry *entries;

    for (unsigned i = 0; i < b->count; i++) {
        struct baseline_entry *old = &b->entries[i];

        if (old->id != e->id || !identity_same(&old->identity, &e->identity))
            continue;
        old->severity = e->severity > old->severity ? e->severity : old->severity;
        entry_release(e);
        return 0;
    }
    entries = e->title ? reallocarray(b->entries, b->count + 1ul, sizeof *entries) : NULL;
    if (!entries) {
        entry_release(e);
        return -1;
    }
    b->entries = entries;
    entries[b->count++] = *e;
    return 0;
}

int baseline_add(struct baseline *b, const struct finding *f)
{
    struct baseline_entry e = {
            .id = f->id, .severity = f->severity, .asked = true, .title = strdup(f->title ? f->title : "")};

    if (identity_of(&e.identity, f)) {
        entry_release(&e);
        return -1;
    }
    return add_entry(b, &e);
}

int baseline_knows(struct baseline *b, const struct finding *f)
{
    struct identity identity = {0};
    int known = identity_of(&identity, f);

    for (unsigned i = 0; !known && i < b->count; i++) {
        struct baseline_entry *e = &b->entries[i];

        if (e->id != f->id || !identity_same(&e->identity, &identity))
            continue;
        e->now = !e->seen || f->severity > e->now ? f->severity : e->now;
        e->seen = true;
        known = f->severity < SEVERITY_CRITICAL || e->severity == SEVERITY_CRITICAL;
    }
    identity_release(&identity);
    return known;
}

bool baseline_is_report(const char *path)
{
    FILE *in = fopen(path, "re");
    int c = EOF;

    if (in) {
        do
            c = fgetc(in);
        while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
        fclose(in);
    }
    return c == '{' || c == '[';
}

static int severity_by_name(const char *name)
{
    for (int s = SEVERITY_INFO; name && s <= SEVERITY_CRITICAL; s++)
        if (strcmp(severity_name((enum severity)s), name) == 0)
            return s;
    return -1;
}

/* A name from a file is data, and must be safe to print. */
static char *clean_copy(const json_t *string)
{
    const char *value = json_string_value(string);
    char *copy = value ? strdup(value) : NULL;

    if (copy)
        text_clean(copy, strlen(copy));
    return copy;
}

/* -1 if it is not an array of strings, or out of memory. */
static int read_names(struct identity_names *names, const json_t *array)
{
    if (!json_is_array(array))
        return -1;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));

        if (!name || identity_add(names, name))
            return -1;
    }
    return 0;
}

static int read_finding(struct baseline *b, const json_t *finding)
{
    const json_t *identity = json_object_get(finding, "identity");
    const char *name = json_string_value(json_object_get(finding, "id"));
    int id = name ? finding_by_name(name) : -1;
    int severity = severity_by_name(json_string_value(json_object_get(finding, "severity")));
    struct baseline_entry e = {.id = (enum finding_id)id, .severity = (enum severity)severity, .asked = true};

    if (!name || severity < 0 || !json_is_object(identity))
        return -1;
    if (id < 0) /* of a newer version: this one cannot meet it */
        return 0;
    e.title = clean_copy(json_object_get(finding, "title"));
    if (!e.title || read_names(&e.identity.functions, json_object_get(identity, "functions")) ||
        read_names(&e.identity.objects, json_object_get(identity, "objects"))) {
        entry_release(&e);
        return -1;
    }
    return add_entry(b, &e);
}

static int read_report(struct baseline *b, const json_t *root, char *error, size_t error_size)
{
    const json_t *findings = json_object_get(root, "findings");
    const char *schema = json_string_value(json_object_get(root, "schema"));

    if (!schema || strcmp(schema, SCHEMA) != 0 || !json_is_array(findings)) {
        snprintf(error, error_size, "not a report of kiwi (its schema is not " SCHEMA ")");
        return -1;
    }
    for (size_t i = 0; i < json_array_size(findings); i++) {
        if (read_finding(b, json_array_get(findings, i))) {
            snprintf(error, error_size, "finding %zu has no id, severity, title or identity", i + 1);
            return -1;
        }
    }
    b->partial = b->partial || json_object_get(root, "baseline");
    return 0;
}

int baseline_read_report(struct baseline *b, const char *path, char *error, size_t error_size)
{
    json_error_t problem;
    json_t *root = json_load_file(path, 0, &problem);
    int result;

    if (!root) {
        if (problem.line > 0)
            snprintf(error, error_size, "line %d: %s", problem.line, problem.text);
        else
            snprintf(error, error_size, "%s", problem.text);
        text_clean(error, strlen(error));
        return -1;
    }
    result = read_report(b, root, error, error_size);
    json_decref(root);
    return result;
}
