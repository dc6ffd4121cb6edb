/*
 * arguments.h - getopt_long with kiwi's own messages.
 *
 *     int c;
 *     arguments_begin();
 *     while ((c = getopt_long(argc, argv, "+:ho:", options, NULL)) != -1)
 *         switch (c) {
 *         ...
 *         default: return arguments_refused(argv, c, "report", options);
 *         }
 *
 * The option string must start with ':' (or "+:") so that a missing argument can be told from an unknown option.
 */
#ifndef KIWI_ARGUMENTS_H
#define KIWI_ARGUMENTS_H

#include <getopt.h>
#include <stdbool.h>

void arguments_begin(void);

/* Says what is wrong with the option that getopt_long returned '?' or ':' for. Returns STATUS_USAGE. */
int arguments_refused(char **argv, int result, const char *subcommand, const struct option *options);

/* Says `problem` with a pointer to the subcommand's help. Returns STATUS_USAGE. */
int arguments_wrong(const char *subcommand, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The value of --OPTION as a number up to `most`; what is wrong with it is said, and false returned. */
bool arguments_number(const char *subcommand, const char *option, const char *value, unsigned most, unsigned *number);

/* Prints help text on standard output. Returns STATUS_OK. */
int arguments_help(const char *text);
#endif
