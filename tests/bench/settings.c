#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setting {
    const char *name;
    size_t offset;
    long value;
    const char *text;
};

static const struct setting table[] = {
#define X(name, field, value, text) {name, offsetof(struct settings, field), value, text},
        SETTINGS(X)
#undef X
};

#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

static long *setting_field(struct settings *settings, const struct setting *setting)
{
    return (long *)(void *)((char *)settings + setting->offset);
}

static const struct setting *find_setting(const char *name, size_t length)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
            return &table[i];
    }
    return NULL;
}

static int setting_assign(struct settings *settings, const char *argument)
{
    const char *equals = strchr(argument, '=');
    const struct setting *setting = NULL;
    if (strncmp(argument, "--", 2) == 0 && equals != NULL)
        setting = find_setting(argument + 2, (size_t)(equals - argument) - 2);
    if (setting == NULL) {
        fprintf(stderr, "bench: unknown setting '%s'\n", argument);
        return -1;
    }
    char *end;
    errno = 0;
    long value = strtol(equals + 1, &end, 10);
    if (errno != 0 || end == equals + 1 || *end != '\0' || value < -1 || value > INT_MAX) {
        fprintf(stderr, "bench: bad value in '%s'\n", argument);
        return -1;
    }
    *setting_field(settings, setting) = value;
    return 0;
}

static int settings_check(const struct settings *settings)
{
    const char *wrong = NULL;
    if (settings->depth < 4 || settings->depth > 12)
        wrong = "depth must be 4 to 12";
    else if (settings->shared > 0 && settings->depth < 5)
        wrong = "a common locking function needs a depth of 5 or more";
    else if (settings->sites < 1 || settings->sites > 64)
        wrong = "sites must be 1 to 64";
    else if (settings->locks < 1 || settings->ops < 1 || settings->ms < 1 || settings->threads < 0)
        wrong = "locks, ops and ms must be 1 or more";
    else if (settings->contenders < 2 || settings->contenders > 64)
        wrong = "contenders must be 2 to 64";
    else if (settings->batches < 0 || settings->repeat < 0)
        wrong = "batches and repeat must not be negative";
    if (wrong == NULL)
        return 0;
    fprintf(stderr, "bench: %s\n", wrong);
    return -1;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        *setting_field(settings, &table[i]) = table[i].value;
    for (int i = 2; i < argc; i++) {
        if (setting_assign(settings, argv[i]) != 0)
            return -1;
    }
    return settings_check(settings);
}

void settings_help(void)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        printf("  --%-12s%s [%ld]\n", table[i].name, table[i].text, table[i].value);
}
