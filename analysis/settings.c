#include "settings.h"

#include <stdio.h>
#include <string.h>

static const struct setting {
    const char *name, *standard;
} registry[] = {
#define OPTION(field, name, kind, unit, standard, ...) {name, standard},
#include "../interpose/options.def"
#undef OPTION
};
#define SETTINGS (sizeof registry / sizeof *registry)

static const char *const budgets[] = {"tick-budget", "hold-budget", "shutdown-budget", "retry-gap"};
#define BUDGETS (sizeof budgets / sizeof *budgets)

static const char *told(const struct trace *t)
{
    return trace_string(t, trace_header(t)->options);
}

bool settings_known(const struct trace *t)
{
    return *told(t) != '\0';
}

const char *settings_name(unsigned i)
{
    return i < SETTINGS ? registry[i].name : NULL;
}

/* The value behind "name=" in "name=value:name=value", NULL if it is not there. Later entries win. */
static const char *find(const char *entries, const char *name)
{
    size_t length = strlen(name);
    const char *found = NULL;

    for (const char *at = entries; *at;) {
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            found = at + length + 1;
        while (*at && *at != ':')
            at += at[0] == '\\' && at[1] ? 2 : 1;
        at += *at == ':';
    }
    return found;
}

static const char *standard_of(const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(registry[i].name, name) == 0)
            return registry[i].standard;
    return "";
}

bool settings_is_set(const struct trace *t, const char *name)
{
    return find(told(t), name) != NULL;
}

/* Up to the next colon that is not part of the value. */
static void copy_value(char *text, size_t size, const char *from)
{
    size_t length = 0;

    while (*from && *from != ':' && length + 1 < size) {
        from += from[0] == '\\' && from[1];
        text[length++] = *from++;
    }
    text[length] = '\0';
}

const char *settings_value(const struct trace *t, const char *name, char *text, size_t size)
{
    const char *value = find(told(t), name);

    if (value)
        copy_value(text, size, value);
    else
        snprintf(text, size, "%s", standard_of(name));
    return text;
}

static size_t put(const struct trace *t, const char *name, char *text, size_t size, size_t length)
{
    char value[SETTINGS_TEXT];
    int more = length < size ? snprintf(text + length, size - length, "%s%s=%s", length ? ", " : "", name,
                                        settings_value(t, name, value, sizeof value))
                             : 0;

    return length + (more > 0 ? (size_t)more : 0);
}

const char *settings_budgets(const struct trace *t, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < BUDGETS; i++)
        length = put(t, budgets[i], text, size, length);
    return text;
}

static bool is_budget(const char *name)
{
    for (size_t i = 0; i < BUDGETS; i++)
        if (strcmp(budgets[i], name) == 0)
            return true;
    return false;
}

const char *settings_others(const struct trace *t, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < SETTINGS; i++)
        if (!is_budget(registry[i].name) && strcmp(registry[i].name, "out") != 0 &&
            settings_is_set(t, registry[i].name))
            length = put(t, registry[i].name, text, size, length);
    return text;
}
