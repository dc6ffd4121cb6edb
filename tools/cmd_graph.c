/* kiwi graph - the order of locks, for graphviz. */
#include "arguments.h"
#include "input.h"
#include "lock_graph.h"
#include "message.h"
#include "output.h"
#include "subcommand.h"

#include <stdlib.h>

static const char help[] =
        "Usage: kiwi graph [OPTION...] TRACE\n\n"
        "Prints the lock order of a process as a graph in the DOT language: an arrow leads from each lock that was\n"
        "held to each lock that was wanted meanwhile. Circles that threads can close are red, those that they "
        "probably\n"
        "cannot (grade G5) are orange.\n\n"
        "Options:\n"
        "  --circles          show only the locks and arrows of circles\n"
        "  --limit=N          show N arrows, 0 for all: those of circles first, then those taken most often\n"
        "                     (default 200)\n"
        "  -o, --output=FILE  write there instead of standard output\n"
        "  --help             show this text\n\n"
        "Examples:\n"
        "  kiwi graph kiwi.service.4711.trace | dot -Tsvg >locks.svg\n"
        "  kiwi graph --circles -o circles.dot kiwi.service.4711.trace\n\n"
        "Exit status: 0, or 2 for bad usage or a trace that cannot be read.\n";

struct request {
    struct lock_graph graph;
    const char *output;
};

/* Returns -1 when the graph can be drawn, else the exit status. */
static int parse_arguments(int argc, char **argv, struct request *q)
{
    enum { CIRCLES = 256, LIMIT };
    static const struct option options[] = {
            {"circles", no_argument, NULL, CIRCLES},
            {"limit", required_argument, NULL, LIMIT},
            {"output", required_argument, NULL, 'o'},
            {"help", no_argument, NULL, 'h'},
            {NULL, 0, NULL, 0},
    };
    int c;

    arguments_begin();
    while ((c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        switch (c) {
        case CIRCLES:
            q->graph.circles = true;
            break;
        case LIMIT:
            if (!arguments_number("graph", "limit", optarg, 10000000, &q->graph.limit))
                return STATUS_USAGE;
            break;
        case 'o':
            q->output = optarg;
            break;
        case 'h':
            return arguments_help(help);
        default:
            return arguments_refused(argv, c, "graph", options);
        }
    }
    if (optind != argc - 1)
        return arguments_wrong("graph", optind == argc ? "no trace to draw" : "one trace at a time");
    return -1;
}

int cmd_graph(int argc, char **argv)
{
    struct request q = {.graph = {.limit = 200}};
    struct input input = {0};
    struct output out;
    int status = parse_arguments(argc, argv, &q);

    if (status >= 0)
        return status;
    status = STATUS_USAGE;
    if (input_open(&input, argv + optind, 1) && output_open(&out, q.output)) {
        q.graph.model = input.models[0];
        if (lock_graph_print(&q.graph, out.file) != 0)
            output_failed(&out);
        if (output_close(&out))
            status = STATUS_OK;
        if (q.graph.left_out)
            message("%u arrows left out; --limit=0 shows all", q.graph.left_out);
    }
    input_close(&input);
    return status;
}
