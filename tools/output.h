/*
 * output.h - where a subcommand writes: standard output or -o FILE.
 *
 * A file is written beside its name and renamed into place when it is whole, so that a reader never meets half a report
 * and a failed run leaves an old report alone.
 */
#ifndef KIWI_OUTPUT_H
#define KIWI_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct output {
    FILE *file;
    const char *path;         /* NULL = standard output */
    char temporary[PATH_MAX]; /* "" = written in place: a device or a pipe */
    int error;                /* errno of the first failure */
};

bool output_open(struct output *out,
                 const char *path);     /* path may be NULL; "-" is standard output. false after a message */
void output_failed(struct output *out); /* notes errno: output_close will complain and keep the old file */
bool output_close(struct output *out);  /* false after a message */

bool output_is_colour(const struct output *out); /* a terminal that wants colours (NO_COLOR and TERM=dumb do not) */
unsigned output_width(const struct output *out); /* columns of the terminal, 0 = not a terminal */
#endif
