/* kiwi explain - what a finding means. */
#include "arguments.h"
#include "message.h"
#include "subcommand.h"
#include "suggest.h"

#include "../analysis/explain.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
        "Usage: kiwi explain [ID...]\n\n"
        "Explains findings: what each means, how it is decided, what looks like it and is innocent,\n"
        "how to mend it and how to prove that it is mended. Without an ID, lists all findings.\n\n"
        "Options:\n"
        "  --help  show this text\n\n"
        "Examples:\n"
        "  kiwi explain\n"
        "  kiwi explain lock-order-cycle\n\n"
        "Exit status: 0, or 2 for an unknown ID.\n";

/* Those that this version decides, or those that it does not, by category. Returns how many. */
static int list_some(bool decided)
{
    const char *category = "";
    int count = 0;

    for (int id = 0; id < FINDING_COUNT; id++) {
        const struct finding_info *info = finding_info((enum finding_id)id);

        if (explain_decided((enum finding_id)id) != decided)
            continue;
        if (strcmp(category, info->category) != 0) {
            printf("%s%s\n", count ? "\n" : "", info->category);
            category = info->category;
        }
        printf("  %-22s %-9s%s\n", info->id, severity_name(info->severity), info->title);
        count++;
    }
    return count;
}

static void list_findings(void)
{
    int decided = list_some(true);

    printf("\nThese %d findings are decided by this version. The ids below are fixed and not decided yet: that no "
           "report\n"
           "contains them says nothing about the program.\n\n",
           decided);
    list_some(false);
}

static int unknown_finding(const char *name)
{
    const char *names[FINDING_COUNT];
    const char *near;

    for (int id = 0; id < FINDING_COUNT; id++)
        names[id] = finding_info((enum finding_id)id)->id;
    near = suggest(name, names, FINDING_COUNT);
    if (near)
        message("unknown finding '%s', did you mean '%s'? ('kiwi explain' lists them)", name, near);
    else
        message("unknown finding '%s' ('kiwi explain' lists them)", name);
    return STATUS_USAGE;
}

static void explain_one(enum finding_id id)
{
    const struct finding_info *info = finding_info(id);

    printf("%s: %s\n%s, usually %s%s\n\n", info->id, info->title, info->category, severity_name(info->severity),
           explain_decided(id) ? "" : "; not decided by this version");
    fputs(explain_text(id), stdout);
}

int cmd_explain(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int c;

    arguments_begin();
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (c == 'h')
            return arguments_help(help);
        return arguments_refused(argv, c, "explain", options);
    }
    if (optind == argc)
        list_findings();
    for (int i = optind; i < argc; i++) {
        int id = finding_by_name(argv[i]);

        if (id < 0)
            return unknown_finding(argv[i]);
        if (i > optind)
            putchar('\n');
        explain_one((enum finding_id)id);
    }
    return STATUS_OK;
}
