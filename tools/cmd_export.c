/* kiwi export - figures by call path, for the programs that draw them. */
#include "../analysis/export/profile.h"

#include "arguments.h"
#include "input.h"
#include "output.h"
#include "subcommand.h"
#include "suggest.h"

#include <string.h>
#include <unistd.h>

static const char help[] =
        "Usage: kiwi export --format=FORMAT [OPTION...] TRACE...\n\n"
        "Writes figures of recordings by call path, summed over the processes, for other programs.\n\n"
        "Options:\n"
        "  --format=collapsed|pprof  lines \"main;parse;malloc 4096\" for flame graphs, or a compressed profile for "
        "pprof\n"
        "  --what=VALUE              what to count; pprof gets all, this one first (default live):\n"
#define VALUE(enumerator, word, type, unit, summary) "                              " word ": " summary "\n"
#include "../analysis/export/values.def"
#undef VALUE
        "  -o, --output=FILE         write there instead of standard output\n"
        "  --help                    show this text\n\n"
        "Examples:\n"
        "  kiwi export --format=collapsed --what=allocated kiwi.service.4711.trace | flamegraph.pl >heap.svg\n"
        "  kiwi export --format=pprof -o heap.pb.gz kiwi.service.4711.trace && go tool pprof -http=: heap.pb.gz\n\n"
        "Exit status: 0, or 2 for bad usage or a trace that cannot be read.\n";

typedef int exporter(struct model **models, unsigned count, enum profile_value v, FILE *out);

static const struct format {
    const char *name;
    exporter *write;
    bool binary;
} formats[] = {{"collapsed", export_collapsed, false}, {"pprof", export_pprof, true}};
#define FORMATS (sizeof formats / sizeof *formats)

struct request {
    const struct format *format;
    enum profile_value value;
    const char *output;
};

static bool set_format(struct request *q, const char *name)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            q->format = &formats[i];
    if (!q->format)
        arguments_wrong("export", "unknown format '%s': want collapsed or pprof", name);
    return q->format != NULL;
}

static bool set_value(struct request *q, const char *word)
{
    const char *words[PROFILE_VALUES], *near;

    for (unsigned i = 0; i < PROFILE_VALUES; i++) {
        words[i] = profile_info((enum profile_value)i)->word;
        if (strcmp(words[i], word) == 0) {
            q->value = (enum profile_value)i;
            return true;
        }
    }
    near = suggest(word, words, PROFILE_VALUES);
    arguments_wrong("export", near ? "unknown value '%s', did you mean '%s'?" : "unknown value '%s'", word, near);
    return false;
}

static int check(const struct request *q, int operands)
{
    if (!q->format)
        return arguments_wrong("export", "no format named: want --format=collapsed or --format=pprof");
    if (!operands)
        return arguments_wrong("export", "no trace to export");
    if (q->format->binary && (!q->output || strcmp(q->output, "-") == 0) && isatty(STDOUT_FILENO))
        return arguments_wrong("export", "%s is nothing for a terminal: name a file with -o", q->format->name);
    return -1;
}

/* Returns -1 when there is something to export, else the exit status. */
static int parse_arguments(int argc, char **argv, struct request *q)
{
    enum { FORMAT = 256, WHAT };
    static const struct option options[] = {
            {"format", required_argument, NULL, FORMAT},
            {"what", required_argument, NULL, WHAT},
            {"output", required_argument, NULL, 'o'},
            {"help", no_argument, NULL, 'h'},
            {NULL, 0, NULL, 0},
    };
    int c;

    arguments_begin();
    while ((c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        switch (c) {
        case FORMAT:
            if (!set_format(q, optarg))
                return STATUS_USAGE;
            break;
        case WHAT:
            if (!set_value(q, optarg))
                return STATUS_USAGE;
            break;
        case 'o':
            q->output = optarg;
            break;
        case 'h':
            return arguments_help(help);
        default:
            return arguments_refused(argv, c, "export", options);
        }
    }
    return check(q, argc - optind);
}

int cmd_export(int argc, char **argv)
{
    struct request q = {.value = PROFILE_LIVE};
    struct input input = {0};
    struct output out;
    int status = parse_arguments(argc, argv, &q);

    if (status >= 0)
        return status;
    status = STATUS_USAGE;
    if (input_open(&input, argv + optind, (unsigned)(argc - optind)) && output_open(&out, q.output)) {
        if (q.format->write(input.models, input.count, q.value, out.file) != 0)
            output_failed(&out);
        if (output_close(&out) && !input.unreadable)
            status = STATUS_OK;
    }
    input_close(&input);
    return status;
}
