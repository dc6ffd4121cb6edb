/*
 * kiwi - records a multi-threaded service under libkiwi.so and reviews what was recorded.
 *
 * A table of subcommands: each is a row of subcommands.def and a file cmd_NAME.c.
 */
#include "message.h"
#include "subcommand.h"
#include "suggest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct subcommand {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(int argc, char **argv);
};

static const struct subcommand subcommands[] = {
#define SUBCOMMAND(word, usage, sentence)                                                                              \
    {.name = #word, .arguments = (usage), .summary = (sentence), .run = cmd_##word},
#include "subcommands.def"
#undef SUBCOMMAND
};
#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

static const struct subcommand *find_subcommand(const char *name)
{
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    }
    return NULL;
}

static void print_help(FILE *out)
{
    fputs("Usage: kiwi SUBCOMMAND [ARGUMENT...]\n\n"
          "Kiwi watches a multi-threaded service from inside and reviews how it behaves.\n\nSubcommands:\n",
          out);
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    fputs("\nExamples:\n"
          "  kiwi run ./service                     record it into kiwi.service.PID.trace\n"
          "  kiwi report kiwi.service.4711.trace    review what was recorded\n"
          "  kiwi threads kiwi.service.4711.trace   who holds what and who waits, now or at the end\n\n"
          "'kiwi SUBCOMMAND --help' tells more, and so does the manual page kiwi-SUBCOMMAND(1).\n",
          out);
}

static int unknown_subcommand(const char *name)
{
    const char *names[SUBCOMMAND_COUNT];
    const char *near;

    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        names[i] = subcommands[i].name;
    near = suggest(name, names, SUBCOMMAND_COUNT);
    if (near)
        message("unknown subcommand '%s', did you mean '%s'? (see 'kiwi --help')", name, near);
    else
        message("unknown subcommand '%s' (see 'kiwi --help')", name);
    return STATUS_USAGE;
}

/* "kiwi help", "kiwi help NAME" as well as the options. Returns -1 if argv asks for something else. */
static int general_request(int argc, char **argv)
{
    const struct subcommand *s;
    char *help[] = {NULL, "--help", NULL};

    if (strcmp(argv[1], "--version") == 0) {
        puts("kiwi " KIWI_VERSION);
        return STATUS_OK;
    }
    if (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0 && strcmp(argv[1], "help") != 0)
        return -1;
    if (argc == 2) {
        print_help(stdout);
        return STATUS_OK;
    }
    s = find_subcommand(argv[2]);
    if (!s)
        return unknown_subcommand(argv[2]);
    help[0] = argv[2];
    return s->run(2, help);
}

/* Output that could not be written must not pass for a success. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    message_errno("cannot write to standard output");
    return status == STATUS_OK || status == STATUS_FINDINGS ? STATUS_USAGE : status;
}

int main(int argc, char **argv)
{
    const struct subcommand *s;
    int status;

    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    status = general_request(argc, argv);
    if (status < 0) {
        s = find_subcommand(argv[1]);
        status = s ? s->run(argc - 1, argv + 1) : unknown_subcommand(argv[1]);
    }
    return close_output(status);
}
