#include "arguments.h"

#include "message.h"
#include "subcommand.h"
#include "suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 64 /* options of one subcommand that are considered for a suggestion */

void arguments_begin(void)
{
    opterr = 0;
    optind = 0;
}

static const char *nearest_option(const char *typed, const struct option *options)
{
    const char *names[OPTIONS_MAX];
    char name[64];
    unsigned count = 0;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
    for (; count < OPTIONS_MAX && options[count].name; count++)
        names[count] = options[count].name;
    return suggest(name, names, count);
}

static const struct option *option_of_value(const struct option *options, int value)
{
    while (options->name && options->val != value)
        options++;
    return options->name ? options : NULL;
}

int arguments_refused(char **argv, int result, const char *subcommand, const struct option *options)
{
    const char *typed = argv[optind - 1];
    const struct option *known = optopt ? option_of_value(options, optopt) : NULL;
    const char *near;

    if (result == ':')
        return arguments_wrong(subcommand, "option '%s' needs a value", typed);
    if (known && strncmp(typed, "--", 2) == 0)
        return arguments_wrong(subcommand, "option '--%s' takes no value", known->name);
    if (strncmp(typed, "--", 2) != 0)
        return arguments_wrong(subcommand, "unknown option '-%c'", optopt);
    near = nearest_option(typed, options);
    if (near)
        return arguments_wrong(subcommand, "unknown option '%s', did you mean --%s?", typed, near);
    return arguments_wrong(subcommand, "unknown option '%s'", typed);
}

int arguments_wrong(const char *subcommand, const char *format, ...)
{
    char problem[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    message("%s (see 'kiwi %s --help')", problem, subcommand);
    return STATUS_USAGE;
}

int arguments_help(const char *text)
{
    fputs(text, stdout);
    return STATUS_OK;
}

bool arguments_number(const char *subcommand, const char *option, const char *value, unsigned most, unsigned *number)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);

    if (*value < '0' || *value > '9' || *end != '\0' || n > most) {
        arguments_wrong(subcommand, "bad value --%s=%s: want a number from 0 to %u", option, value, most);
        return false;
    }
    *number = (unsigned)n;
    return true;
}
