/* kiwi report - the review of one or several traces. */
#include "arguments.h"
#include "input.h"
#include "message.h"
#include "output.h"
#include "subcommand.h"

#include "../analysis/render/render.h"
#include "../analysis/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
        "Usage: kiwi report [OPTION...] TRACE...\n\n"
        "Reviews what was recorded: findings with severity, place, evidence, fix and validation. Several traces\n"
        "(a process tree, a fleet) give one review. A trace may be of a process that still runs.\n\n"
        "Options:\n"
        "  --format=text|markdown|json  how to print the review (default text)\n"
        "  -o, --output=FILE            write there instead of standard output\n"
        "  --fail-on=SEVERITY           critical, high, medium or low: exit with 1 if there is a finding of at\n"
        "                               least this severity (default high)\n"
        "  --only=ID,...                report these findings alone ('kiwi explain' lists the ids)\n"
        "  --help                       show this text\n\n"
        "Examples:\n"
        "  kiwi report kiwi.service.4711.trace\n"
        "  kiwi report --format=json -o review.json --fail-on=critical *.trace\n"
        "  kiwi report --only=deadlock,lock-order-cycle kiwi.service.4711.trace\n\n"
        "Exit status: 0 nothing at or above --fail-on, 1 findings at or above it, 2 bad usage or a trace that\n"
        "cannot be read.\n";

typedef int render_function(const struct review *r, FILE *out, const struct render_options *o);

struct format {
    const char *name;
    render_function *render; /* NULL: promised, and not in this version */
};

static const struct format formats[] = {
        {"text", review_render_text},
        {"markdown", review_render_markdown},
        {"json", review_render_json},
        {"sarif", NULL},
        {"html", NULL},
};

struct request {
    const struct format *format;
    const char *output; /* NULL = standard output */
    enum severity fail_on;
    struct review_options review;
};

static bool set_format(struct request *q, const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, name) != 0)
            continue;
        q->format = &formats[i];
        if (!q->format->render)
            arguments_wrong("report", "format '%s' is not available in this version", name);
        return q->format->render != NULL;
    }
    arguments_wrong("report", "unknown format '%s': want text, markdown or json", name);
    return false;
}

static bool set_fail_on(struct request *q, const char *name)
{
    static const char *const names[] = {[SEVERITY_LOW] = "low",
                                        [SEVERITY_MEDIUM] = "medium",
                                        [SEVERITY_HIGH] = "high",
                                        [SEVERITY_CRITICAL] = "critical"};

    for (int s = SEVERITY_LOW; s <= SEVERITY_CRITICAL; s++) {
        if (strcmp(names[s], name) == 0) {
            q->fail_on = (enum severity)s;
            return true;
        }
    }
    arguments_wrong("report", "unknown severity '%s': want critical, high, medium or low", name);
    return false;
}

static bool set_only(struct request *q, const char *ids)
{
    char error[256];

    if (review_options_only(&q->review, ids, error, sizeof error) == 0)
        return true;
    arguments_wrong("report", "%s", error);
    return false;
}

/* Returns -1 when the review can be made, else the exit status. */
static int parse_arguments(int argc, char **argv, struct request *q)
{
    enum { FORMAT = 256, FAIL_ON, ONLY, SUPPRESSIONS, BASELINE };
    static const struct option options[] = {
            {"format", required_argument, NULL, FORMAT},
            {"output", required_argument, NULL, 'o'},
            {"fail-on", required_argument, NULL, FAIL_ON},
            {"only", required_argument, NULL, ONLY},
            {"suppressions", required_argument, NULL, SUPPRESSIONS},
            {"baseline", required_argument, NULL, BASELINE},
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
        case FAIL_ON:
            valid = set_fail_on(q, optarg);
            break;
        case ONLY:
            valid = set_only(q, optarg);
            break;
        case SUPPRESSIONS:
        case BASELINE:
            return arguments_wrong("report", "option '--%s' is not available in this version",
                                   c == BASELINE ? "baseline" : "suppressions");
        case 'h':
            return arguments_help(help);
        default:
            return arguments_refused(argv, c, "report", options);
        }
    }
    if (!valid)
        return STATUS_USAGE;
    if (optind == argc)
        return arguments_wrong("report", "no trace to report on");
    return -1;
}

/* Returns the exit status. */
static int print_review(const struct request *q, const struct review *r)
{
    struct render_options render = {0};
    struct output out;

    if (!output_open(&out, q->output))
        return STATUS_USAGE;
    render.colour = output_is_colour(&out);
    render.width = output_width(&out);
    if (q->format->render(r, out.file, &render) != 0)
        output_failed(&out);
    if (!output_close(&out))
        return STATUS_USAGE;
    return review_worst_severity(r) >= (int)q->fail_on ? STATUS_FINDINGS : STATUS_OK;
}

int cmd_report(int argc, char **argv)
{
    struct request q = {.format = &formats[0], .fail_on = SEVERITY_HIGH};
    struct input input = {0};
    struct review *review;
    int status = parse_arguments(argc, argv, &q);

    if (status >= 0)
        return status;
    status = STATUS_USAGE;
    if (!input_open(&input, argv + optind, (unsigned)(argc - optind)))
        goto out;
    review = review_make(input.models, input.count, &q.review);
    if (!review) {
        message("cannot make the review: out of memory");
        goto out;
    }
    status = print_review(&q, review);
    review_free(review);
    if (input.unreadable > 0)
        status = STATUS_USAGE;
out:
    input_close(&input);
    return status;
}
