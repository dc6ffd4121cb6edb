/* kiwi show - figures of a recording, as tables. */
#include "arguments.h"
#include "message.h"
#include "output.h"
#include "show.h"
#include "subcommand.h"
#include "suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct show_table *const tables[] = {
#define TABLE(word, sentence) &show_##word,
#include "tables.def"
#undef TABLE
};
#define TABLE_COUNT (sizeof tables / sizeof *tables)

static const char *const summaries[] = {
#define TABLE(word, sentence) sentence,
#include "tables.def"
#undef TABLE
};

static const char usage[] = "Usage: kiwi show TABLE [OPTION...] TRACE...\n\n"
                            "Prints figures of recordings as a table; the processes may still run.\n\n"
                            "Tables:\n";

static const char options_help[] =
        "\n"
        "Options:\n"
        "  --format=text|json  how to print (default text)\n"
        "  -o, --output=FILE   write there instead of standard output\n"
        "  --sort=COLUMN       order of the rows: one of those named with the table, whose own order is the first\n"
        "  --top=N             show the first N rows of each trace, 0 for all (default 20)\n"
        "  --help              show this text\n\n"
        "Examples:\n"
        "  kiwi show locks kiwi.service.4711.trace\n"
        "  kiwi show locks --sort=acquired --top=0 --format=json kiwi.service.*.trace\n"
        "  kiwi show calls --sort=errors kiwi.service.4711.trace\n"
        "  kiwi show heap --sort=allocated kiwi.service.4711.trace\n\n"
        "Exit status: 0, or 2 for bad usage or a trace that cannot be read.\n";

static int print_help(void)
{
    fputs(usage, stdout);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        printf("  %-7s %s\n          --sort=", tables[i]->name, summaries[i]);
        for (const char *const *word = tables[i]->sorts; *word; word++)
            printf("%s%s", *word, word[1] ? "|" : "\n");
    }
    return arguments_help(options_help);
}

struct request {
    const struct show_table *table;
    const char *output;
    struct show_request show;
};

static const struct show_table *find_table(const char *name)
{
    const char *names[TABLE_COUNT], *near;

    for (size_t i = 0; i < TABLE_COUNT; i++) {
        names[i] = tables[i]->name;
        if (strcmp(names[i], name) == 0)
            return tables[i];
    }
    near = suggest(name, names, TABLE_COUNT);
    arguments_wrong("show", near ? "unknown table '%s', did you mean '%s'?" : "unknown table '%s'", name, near);
    return NULL;
}

static bool set_format(struct request *q, const char *name)
{
    q->show.json = strcmp(name, "json") == 0;
    if (q->show.json || strcmp(name, "text") == 0)
        return true;
    arguments_wrong("show", "unknown format '%s': want text or json", name);
    return false;
}

static bool check_sort(const struct request *q)
{
    for (const char *const *word = q->table->sorts; q->show.sort && *word; word++)
        if (strcmp(*word, q->show.sort) == 0)
            return true;
    if (q->show.sort)
        arguments_wrong("show", "cannot sort %s by '%s' (see 'kiwi show --help')", q->table->name, q->show.sort);
    return !q->show.sort;
}

/* The table and the traces. Returns -1 when it can be printed, else the exit status. */
static int take_operands(int argc, char **argv, struct request *q)
{
    if (optind >= argc)
        return arguments_wrong("show", "no table named");
    q->table = find_table(argv[optind++]);
    if (!q->table || !check_sort(q))
        return STATUS_USAGE;
    return optind < argc ? -1 : arguments_wrong("show", "no trace to show");
}

/* Returns -1 when the table can be printed, else the exit status. */
static int parse_arguments(int argc, char **argv, struct request *q)
{
    enum { FORMAT = 256, SORT, TOP };
    static const struct option options[] = {
            {"format", required_argument, NULL, FORMAT},
            {"output", required_argument, NULL, 'o'},
            {"sort", required_argument, NULL, SORT},
            {"top", required_argument, NULL, TOP},
            {"help", no_argument, NULL, 'h'},
            {NULL, 0, NULL, 0},
    };
    bool valid = true;
    int c;

    arguments_begin();
    while (valid && (c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        switch (c) {
        case FORMAT:
            valid = set_format(q, optarg);
            break;
        case 'o':
            q->output = optarg;
            break;
        case SORT:
            q->show.sort = optarg;
            break;
        case TOP:
            valid = arguments_number("show", "top", optarg, 1000000, &q->show.top);
            break;
        case 'h':
            return print_help();
        default:
            return arguments_refused(argv, c, "show", options);
        }
    }
    return valid ? take_operands(argc, argv, q) : STATUS_USAGE;
}

static int print_json(const struct show_table *table, json_t *processes, FILE *out)
{
    json_t *all = json_pack("{s:s, s:o}", "schema", table->schema, "processes", processes);
    int result;

    if (!all) {
        errno = ENOMEM;
        return -1;
    }
    result = json_dumpf(all, out, JSON_INDENT(2));
    json_decref(all);
    return result != 0 || fputc('\n', out) == EOF ? -1 : 0;
}

/* 0, or -1 (errno tells). */
static int print_table(const struct request *q, const struct input *input)
{
    json_t *processes = q->show.json ? json_array() : NULL;

    for (unsigned i = 0; i < input->count; i++) {
        if (i && !q->show.json)
            fputc('\n', q->show.out);
        if (show_print(q->table, &q->show, input->models[i], processes)) {
            json_decref(processes);
            return -1;
        }
    }
    return q->show.json ? print_json(q->table, processes, q->show.out) : 0;
}

int cmd_show(int argc, char **argv)
{
    struct request q = {.show = {.top = 20}};
    struct input input = {0};
    struct output out;
    int status = parse_arguments(argc, argv, &q);

    if (status >= 0)
        return status;
    status = STATUS_USAGE;
    if (input_open(&input, argv + optind, (unsigned)(argc - optind)) && output_open(&out, q.output)) {
        q.show.out = out.file;
        if (print_table(&q, &input) != 0)
            output_failed(&out);
        if (output_close(&out) && !input.unreadable)
            status = STATUS_OK;
    }
    input_close(&input);
    return status;
}
