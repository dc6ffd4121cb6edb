#include "recording.h"

#include "message.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELP_INDENT 6
#define HELP_WIDTH 80
#define FORMATTED_SIZE (8 * OPTIONS_TEXT) /* all texts at full length with every byte escaped */

/* The library goes on without a bad entry; kiwi run does not, so its line must not say "ignored". */
static void complain(void *arg, const char *line)
{
    const char *text = line + strlen("kiwi: ");
    const char *ignored = strstr(text, " ignored");

    (void)arg;
    if (ignored)
        message("KIWI_OPTIONS: %.*s%s", (int)(ignored - text), text, ignored + strlen(" ignored"));
    else
        message("KIWI_OPTIONS: %s", text);
}

bool recording_begin(struct options *o)
{
    options_defaults(o);
    return options_parse(o, getenv("KIWI_OPTIONS"), complain, NULL) == 0;
}

bool recording_set(struct options *o, const char *name, const char *value)
{
    char want[128];

    if (options_set(o, name, value) == OPTIONS_OK)
        return true;
    option_want(option_find(name), want, sizeof want);
    message("bad value --%s=%s: want %s (see 'kiwi run --help')", name, value, want);
    return false;
}

/* The directory of out= can be checked only as far as it has no place holders. */
static bool check_directory(const char *out)
{
    char directory[OPTIONS_TEXT];
    char *slash;

    strcpy(directory, out);
    slash = strrchr(directory, '/');
    *(slash == directory ? slash + 1 : slash) = '\0';
    if (strchr(directory, '%'))
        return true;
    if (access(directory, W_OK | X_OK) == 0)
        return true;
    message_errno("cannot record into '%s'", directory);
    return false;
}

bool recording_settle(struct options *o)
{
    char directory[PATH_MAX];

    if (!getcwd(directory, sizeof directory)) {
        message_errno("cannot find the current directory");
        return false;
    }
    if (!options_out_absolute(o, directory)) {
        message("cannot record into '%s': the absolute name has more than %d bytes", o->out, OPTIONS_TEXT - 1);
        return false;
    }
    return check_directory(o->out);
}

bool recording_export(const struct options *o)
{
    char text[FORMATTED_SIZE];

    if (options_format(o, text, sizeof text) && setenv("KIWI_OPTIONS", text, 1) == 0)
        return true;
    message_errno("cannot set KIWI_OPTIONS");
    return false;
}

/* Wraps words at HELP_WIDTH; *column is where the line stands. */
static void print_wrapped(FILE *out, const char *text, int *column)
{
    while (*text) {
        int length = (int)strcspn(text, " ");

        if (*column + 1 + length > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_INDENT, "");
            *column = HELP_INDENT;
        } else if (*column > HELP_INDENT) {
            fputc(' ', out);
            ++*column;
        }
        fprintf(out, "%.*s", length, text);
        *column += length;
        text += length;
        text += *text == ' ';
    }
}

/* What stands for the value in "--name=VALUE". */
static const char *value_word(const struct option_info *info)
{
    static const char *const words[] = {
            [OPTION_TEXT] = "TEXT", [OPTION_SET] = "LIST",  [OPTION_COUNT] = "N",
            [OPTION_SIZE] = "SIZE", [OPTION_TIME] = "TIME",
    };

    return info->kind == OPTION_CHOICE ? info->choices : words[info->kind];
}

static void print_option(FILE *out, const struct option_info *info)
{
    char want[128], tail[256];
    int column = HELP_INDENT;

    option_want(info, want, sizeof want);
    snprintf(tail, sizeof tail, "(%s; default %s)", want, info->standard[0] ? info->standard : "empty");
    fprintf(out, "  --%s=%s\n", info->name, value_word(info));
    fprintf(out, "%*s", HELP_INDENT, "");
    print_wrapped(out, info->help, &column);
    print_wrapped(out, tail, &column);
    fputc('\n', out);
}

void recording_help(FILE *out)
{
    for (unsigned i = 0; i < option_count; i++)
        print_option(out, &option_table[i]);
}
