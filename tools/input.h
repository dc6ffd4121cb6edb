/*
 * input.h - the traces that a subcommand was given, opened with their symbols and models.
 *
 *     struct input input = {0};
 *     if (input_open(&input, argv + optind, argc - optind)) ... input.models[0 .. input.count) ...
 *     input_close(&input);
 */
#ifndef KIWI_INPUT_H
#define KIWI_INPUT_H

#include "../analysis/model.h"

struct input {
    struct trace **traces;
    struct symbols **symbols;
    struct model **models;
    unsigned count;
    unsigned unreadable; /* traces that could not be opened: a message says why */
};

/* Opens every path, says what is wrong with those that are damaged or cannot be read. false if none could be opened. */
bool input_open(struct input *in, char **paths, unsigned count);
void input_close(struct input *in);
#endif
