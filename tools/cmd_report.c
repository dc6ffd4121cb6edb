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
        "  --suppressions=FILE          leave out what this file accepts, and say how much that was; several\n"
        "                               files may be given\n"
        "  --gen-suppressions           print entries for such a file, one a finding, instead of the review\n"
        "  --baseline=TRACE|REPORT      only what is new: leave out what an earlier trace, or a JSON report of\n"
        "                               one, has too; say what is gone; several may be given\n"
        "  --help                       show this text\n\n"
        "Examples:\n"
        "  kiwi report kiwi.service.4711.trace\n"
        "  kiwi report --format=json -o review.json --fail-on=critical *.trace\n"
        "  kiwi report --only=deadlock,lock-order-cycle kiwi.service.4711.trace\n"
        "  kiwi report --gen-suppressions kiwi.service.4711.trace >>service.supp\n"
        "  kiwi report --suppressions=service.supp --baseline=main.json kiwi.service.4711.trace\n\n"
        "Exit status: 0 nothing at or above --fail-on, 1 findings at or above it, 2 bad usage or a file that\n"
        "cannot be read, or of which a part cannot and the rest shows nothing. What is suppressed, or known from\n"
        "the baseline, does not count. A recording that could not be read whole is never approved.\n";

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
    bool gen_suppressions;
    struct review_options review;
    struct suppressions suppressions;
    struct baseline baseline;
    char **baseline_traces; /* read together, when all are known */
    unsigned baseline_count;
};

static const struct format suppressions_format = {"suppressions", review_render_suppressions};

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

static bool add_suppressions(struct request *q, const char *path)
{
    char error[1024];

    q->review.suppressions = &q->suppressions;
    if (suppressions_read(&q->suppressions, path, error, sizeof error) == 0)
        return true;
    message("cannot read suppressions: %s", error);
    return false;
}

/* A report is read at once; traces wait until all of them are known. */
static bool add_baseline(struct request *q, char *path)
{
    char error[1024];
    char **traces;

    q->review.baseline = &q->baseline;
    if (baseline_is_report(path)) {
        if (baseline_read_report(&q->baseline, path, error, sizeof error) == 0)
            return true;
        message("cannot read baseline '%s': %s", path, error);
        return false;
    }
    traces = reallocarray(q->baseline_traces, q->baseline_count + 1ul, sizeof *traces);
    if (!traces) {
        message_errno("cannot read baseline '%s'", path);
        return false;
    }
    q->baseline_traces = traces;
    traces[q->baseline_count++] = path;
    return true;
}

/* Returns -1 when the review can be made, else the exit status. */
static int parse_arguments(int argc, char **argv, struct request *q)
{
    enum { FORMAT = 256, FAIL_ON, ONLY, SUPPRESSIONS, GEN_SUPPRESSIONS, BASELINE };
    static const struct option options[] = {
            {"format", required_argument, NULL, FORMAT},
            {"output", required_argument, NULL, 'o'},
            {"fail-on", required_argument, NULL, FAIL_ON},
            {"only", required_argument, NULL, ONLY},
            {"suppressions", required_argument, NULL, SUPPRESSIONS},
            {"gen-suppressions", no_argument, NULL, GEN_SUPPRESSIONS},
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
            valid = add_suppressions(q, optarg);
            break;
        case GEN_SUPPRESSIONS:
            q->gen_suppressions = true;
            break;
        case BASELINE:
            valid = add_baseline(q, optarg);
            break;
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
    if (q->gen_suppressions && q->format)
        return arguments_wrong("report", "--gen-suppressions and --format exclude each other");
    if (!q->format)
        q->format = q->gen_suppressions ? &suppressions_format : &formats[0];
    return -1;
}

/* The findings of the traces given as baseline. false after a message. */
static bool read_baseline_traces(struct request *q)
{
    struct review_options options = q->review;
    struct input input = {0};
    struct review *review = NULL;
    bool good;

    if (!q->baseline_count)
        return true;
    options.suppressions = NULL; /* what is suppressed now is not fixed */
    options.baseline = NULL;
    good = input_open(&input, q->baseline_traces, q->baseline_count) && !input.unreadable;
    if (good) {
        review = review_make(input.models, input.count, &options);
        for (unsigned i = 0; review && good && i < review->findings.count; i++)
            good = baseline_add(&q->baseline, review->findings.items[i]) == 0;
        good = good && review;
        if (!good)
            message("cannot review the baseline: out of memory");
    }
    review_free(review);
    input_close(&input);
    return good;
}

static void request_release(struct request *q)
{
    suppressions_release(&q->suppressions);
    baseline_release(&q->baseline);
    free(q->baseline_traces);
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
    if (q->gen_suppressions)
        return STATUS_OK;
    return review_worst_severity(r) >= (int)q->fail_on ? STATUS_FINDINGS : STATUS_OK;
}

int cmd_report(int argc, char **argv)
{
    struct request q = {.fail_on = SEVERITY_HIGH};
    struct input input = {0};
    struct review *review;
    int status = parse_arguments(argc, argv, &q);

    if (status >= 0)
        goto out;
    status = STATUS_USAGE;
    if (q.baseline.partial)
        message("the baseline is a report made with --baseline: it has only what was new then");
    if (!read_baseline_traces(&q) || !input_open(&input, argv + optind, (unsigned)(argc - optind)))
        goto out;
    q.review.unreadable = input.unreadable;
    review = review_make(input.models, input.count, &q.review);
    if (!review) {
        message("cannot make the review: out of memory");
        goto out;
    }
    status = print_review(&q, review);
    if (input.unreadable > 0 || (review->partial && status == STATUS_OK))
        status = STATUS_USAGE;
    review_free(review);
out:
    input_close(&input);
    request_release(&q);
    return status;
}
