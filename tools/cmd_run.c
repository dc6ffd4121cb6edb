/* kiwi run - runs a command with libkiwi.so preloaded and brings its traces into place. */
#include "arguments.h"
#include "child.h"
#include "message.h"
#include "placement.h"
#include "preload.h"
#include "recording.h"
#include "subcommand.h"
#include "target.h"
#include "trace_list.h"

#include "../analysis/reader.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help_start[] =
        "Usage: kiwi run [OPTION...] [--] COMMAND [ARGUMENT...]\n\n"
        "Runs COMMAND with libkiwi.so preloaded. Each process of it records into its own trace, which\n"
        "'kiwi report' and 'kiwi threads' read, also while it runs. Input, output, signals and exit status\n"
        "are those of COMMAND.\n\n"
        "Options (KIWI_OPTIONS=name=value:name=value does the same; options given here win):\n";
static const char help_end[] =
        "  --help\n"
        "      show this text\n\n"
        "Sizes take K, M and G; times take ns, us, ms and s. KIWI_LIBRARY names another libkiwi.so.\n\n"
        "Examples:\n"
        "  kiwi run ./service --port 8080\n"
        "  kiwi run --out=/var/tmp/%e.%p.trace --depth=16 -- memcached -t 4\n"
        "  kiwi run --follow=worker* ./supervisor\n\n"
        "Exit status: that of COMMAND, 128+n if signal n ended it; 2 for bad usage, 125 if kiwi failed or\n"
        "COMMAND cannot be recorded (static, set-uid, other architecture), 126 if it cannot be executed, 127\n"
        "if it was not found.\n";

#define FIRST_OPTION 256 /* getopt values of recording options: this plus the row */
#define OPTIONS_ROOM 64  /* rows of options.def that fit */

static int print_help(void)
{
    arguments_help(help_start);
    recording_help(stdout);
    return arguments_help(help_end);
}

/* getopt's table: one row for each row of the registry, and --help. */
static void make_options(struct option *options)
{
    unsigned i;

    for (i = 0; i < option_count && i < OPTIONS_ROOM; i++)
        options[i] = (struct option){option_table[i].name, required_argument, NULL, FIRST_OPTION + (int)i};
    options[i++] = (struct option){"help", no_argument, NULL, 'h'};
    options[i] = (struct option){NULL, 0, NULL, 0};
}

/* Returns the index of COMMAND in argv, or -1 with *status set. */
static int parse_arguments(int argc, char **argv, struct options *o, int *status)
{
    struct option options[OPTIONS_ROOM + 2];
    int c;

    *status = STATUS_USAGE;
    make_options(options);
    arguments_begin();
    while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
        if (c == 'h') {
            *status = print_help();
            return -1;
        }
        if (c < FIRST_OPTION) {
            *status = arguments_refused(argv, c, "run", options);
            return -1;
        }
        if (!recording_set(o, option_table[c - FIRST_OPTION].name, optarg))
            return -1;
    }
    if (optind == argc) {
        arguments_wrong("run", "no command to run");
        return -1;
    }
    return optind;
}

static int refuse_target(const struct target *t)
{
    message("%s", t->reason);
    switch (t->verdict) {
    case TARGET_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case TARGET_NOT_EXECUTABLE:
        return STATUS_NOT_EXECUTABLE;
    default:
        return STATUS_OWN_FAULT;
    }
}

static bool prepare(const struct options *o, const struct target *t)
{
    char library[PATH_MAX];

    return preload_find(library, sizeof library) && recording_export(o) && preload_set(library, t->sanitizer);
}

static uint64_t realtime_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Brings one trace into place if its process has ended. Returns whether it belongs to this run. */
static bool finish_trace(const char *name, uint64_t started_ns)
{
    char error[256];
    struct trace *t = trace_open(name, error, sizeof error);
    bool ours, live;

    if (!t) {
        message("cannot read '%s': %s", name, error);
        return false;
    }
    ours = trace_header(t)->start_realtime_ns >= started_ns;
    live = trace_is_live(t);
    trace_close(t);
    if (ours && !live)
        placement_replace_link(name);
    return ours;
}

/* Returns how many processes recorded. */
static unsigned finish_traces(const struct options *o, uint64_t started_ns)
{
    struct trace_list list = {0};
    unsigned recorded = 0;

    signal(SIGXFSZ, SIG_IGN); /* a trace over the limit is an error of one trace, not the end of kiwi */
    if (!trace_list_add_pattern(&list, o->out))
        message_errno("cannot look for traces '%s'", o->out);
    for (unsigned i = 0; i < list.count; i++)
        recorded += finish_trace(list.files[i].name, started_ns);
    trace_list_release(&list);
    return recorded;
}

static void explain_nothing(const struct options *o, const struct child *c, const struct target *t)
{
    if (c->status > 128)
        message("nothing was recorded: '%s' ended before libkiwi.so could make '%s'", t->path, o->out);
    else
        message("nothing was recorded: libkiwi.so was not loaded into '%s' or could not make '%s' "
                "(does the command clear its environment, or is the file system full?)",
                t->path, o->out);
}

static int exec_failure(const struct child *c, const char *command)
{
    errno = c->exec_error;
    message_errno("cannot run '%s'", command);
    return c->exec_error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int record(const struct options *o, const struct target *t, char **command)
{
    uint64_t started_ns = realtime_ns();
    struct child c;
    unsigned recorded;

    if (child_run(&c, command) != 0)
        return STATUS_OWN_FAULT;
    if (c.exec_error != 0)
        return exec_failure(&c, command[0]);
    recorded = finish_traces(o, started_ns);
    if (recorded == 0)
        explain_nothing(o, &c, t);
    else if (o->verbose > 0)
        message("%u process%s recorded into '%s'", recorded, recorded == 1 ? "" : "es", o->out);
    return c.status;
}

int cmd_run(int argc, char **argv)
{
    struct options o;
    struct target t;
    int command, status;
    bool environment_is_good = recording_begin(&o);

    command = parse_arguments(argc, argv, &o, &status);
    if (command < 0)
        return status;
    if (!environment_is_good)
        return STATUS_USAGE;
    target_inspect(&t, argv[command]);
    if (t.verdict != TARGET_RECORDABLE)
        return refuse_target(&t);
    if (!recording_settle(&o) || !prepare(&o, &t))
        return STATUS_OWN_FAULT;
    return record(&o, &t, argv + command);
}
