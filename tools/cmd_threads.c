/* kiwi threads - a thread dump of a live, hung, killed or ended process. */
#include "arguments.h"
#include "input.h"
#include "message.h"
#include "output.h"
#include "subcommand.h"
#include "thread_dump.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
        "Usage: kiwi threads [OPTION...] TRACE\n\n"
        "Shows every thread of a process: what it does, which locks it holds and where it took them, and for which\n"
        "lock or call it waits since when. Deadlocks, and the locks that most threads wait for, come first. The\n"
        "process may run, hang, or have been killed: then this is its last moment.\n\n"
        "Options:\n"
        "  --format=text|json  how to print (default text)\n"
        "  -o, --output=FILE   write there instead of standard output\n"
        "  --frames=N          show N frames of each stack, 0 for all (default 12)\n"
        "  --events=N          show the N latest events of each thread, text only (default 3)\n"
        "  --all               show each thread; else threads that do the same and hold nothing are shown once\n"
        "  --ended             show threads that have ended, too\n"
        "  --help              show this text\n\n"
        "Examples:\n"
        "  kiwi threads kiwi.service.4711.trace\n"
        "  kiwi threads --format=json --frames=0 kiwi.service.4711.trace\n\n"
        "Exit status: 0, or 2 for bad usage or a trace that cannot be read.\n";

struct request {
    int (*print)(const struct thread_dump *d, FILE *out);
    const char *output;
    struct thread_dump dump;
};

static bool set_format(struct request *q, const char *name)
{
    if (strcmp(name, "text") == 0)
        q->print = thread_dump_text;
    else if (strcmp(name, "json") == 0)
        q->print = thread_dump_json;
    else
        arguments_wrong("threads", "unknown format '%s': want text or json", name);
    return q->print != NULL;
}

/* Returns -1 when the dump can be made, else the exit status. */
static int parse_arguments(int argc, char **argv, struct request *q)
{
    enum { FORMAT = 256, FRAMES, EVENTS, ALL, ENDED };
    static const struct option options[] = {
            {"format", required_argument, NULL, FORMAT},
            {"output", required_argument, NULL, 'o'},
            {"frames", required_argument, NULL, FRAMES},
            {"events", required_argument, NULL, EVENTS},
            {"all", no_argument, NULL, ALL},
            {"ended", no_argument, NULL, ENDED},
            {"help", no_argument, NULL, 'h'},
            {NULL, 0, NULL, 0},
    };
    bool valid = true;
    int c;

    arguments_begin();
    while (valid && (c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        switch (c) {
        case FORMAT:
            q->print = NULL;
            valid = set_format(q, optarg);
            break;
        case 'o':
            q->output = optarg;
            break;
        case FRAMES:
            valid = arguments_number("threads", "frames", optarg, 100000, &q->dump.frames);
            break;
        case EVENTS:
            valid = arguments_number("threads", "events", optarg, 100000, &q->dump.events);
            break;
        case ALL:
            q->dump.all = true;
            break;
        case ENDED:
            q->dump.ended = true;
            break;
        case 'h':
            return arguments_help(help);
        default:
            return arguments_refused(argv, c, "threads", options);
        }
    }
    if (!valid)
        return STATUS_USAGE;
    if (optind != argc - 1)
        return arguments_wrong("threads", optind == argc ? "no trace to show" : "one trace at a time");
    return -1;
}

int cmd_threads(int argc, char **argv)
{
    struct request q = {.print = thread_dump_text, .dump = {.frames = 12, .events = 3}};
    struct input input = {0};
    struct output out;
    int status = parse_arguments(argc, argv, &q);

    if (status >= 0)
        return status;
    status = STATUS_USAGE;
    if (input_open(&input, argv + optind, 1) && output_open(&out, q.output)) {
        q.dump.model = input.models[0];
        trace_facts_read(&q.dump.facts, input.traces[0]);
        if (q.print(&q.dump, out.file) != 0)
            output_failed(&out);
        if (output_close(&out))
            status = STATUS_OK;
    }
    input_close(&input);
    return status;
}
