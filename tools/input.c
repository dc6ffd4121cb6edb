#include "input.h"

#include "message.h"

#include "../analysis/symbols.h"

#include <stdlib.h>

#define PROBLEMS_SHOWN 5 /* lines about one damaged trace */

static void show_problems(const struct trace *t)
{
    unsigned count = trace_problems(t);

    for (unsigned i = 0; i < count && i < PROBLEMS_SHOWN; i++)
        message("'%s' is damaged: %s", trace_path(t), trace_problem(t, i));
    if (count > PROBLEMS_SHOWN)
        message("'%s' is damaged: %u more places", trace_path(t), count - PROBLEMS_SHOWN);
}

static bool open_one(struct input *in, const char *path)
{
    char error[512];
    unsigned i = in->count;

    in->traces[i] = trace_open(path, error, sizeof error);
    if (!in->traces[i]) {
        message("cannot read '%s': %s", path, error);
        in->unreadable++;
        return true;
    }
    in->count++;
    show_problems(in->traces[i]);
    in->symbols[i] = symbols_open(in->traces[i]);
    if (in->symbols[i])
        in->models[i] = model_open(in->traces[i], in->symbols[i]);
    return in->models[i] != NULL;
}

bool input_open(struct input *in, char **paths, unsigned count)
{
    in->traces = calloc(count, sizeof *in->traces);
    in->symbols = calloc(count, sizeof *in->symbols);
    in->models = calloc(count, sizeof *in->models);
    if (!in->traces || !in->symbols || !in->models) {
        message_errno("cannot open traces");
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!open_one(in, paths[i])) {
            message("cannot read '%s': out of memory", paths[i]);
            return false;
        }
    }
    return in->count > 0;
}

void input_close(struct input *in)
{
    for (unsigned i = 0; i < in->count; i++) {
        if (in->models[i])
            model_close(in->models[i]);
        if (in->symbols[i])
            symbols_close(in->symbols[i]);
        trace_close(in->traces[i]);
    }
    free(in->models);
    free(in->symbols);
    free(in->traces);
    *in = (struct input){0};
}
