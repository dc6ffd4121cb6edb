/* kiwi ls - which traces there are, and in what state. */
#include "arguments.h"
#include "message.h"
#include "placement.h"
#include "subcommand.h"
#include "trace_facts.h"
#include "trace_list.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
        "Usage: kiwi ls [OPTION...] [DIRECTORY|TRACE...]\n\n"
        "Lists traces with process, executable, start, duration, state, storage and what was dropped: those that\n"
        "are named, those of a directory, and those left in memory (" PLACEMENT_DIRECTORY
        ") that belong there, but to\n"
        "which no name leads any more. Without an argument: the current directory, and all that are left in memory.\n\n"
        "States: live, exit N, exec (another program took over the process), stopped (recording gave up, as on a\n"
        "full disk), killed (ended without a word: by a signal, or with its machine), on HOST (of another machine).\n\n"
        "Options:\n"
        "  --collect  move traces of ended processes from memory to their names\n"
        "  --help     show this text\n\n"
        "Examples:\n"
        "  kiwi ls\n"
        "  kiwi ls --collect /var/tmp\n\n"
        "Exit status: 0, or 2 if something could not be read or moved.\n";

#define NAME_TRIES 1000 /* .1, .2, ... behind a name that is taken */

struct listing {
    struct trace_list traces;
    char **places; /* arguments, NULL-terminated; empty: everything that is ours to look at */
    bool collect;
    int status;
};

static void print_heading(void)
{
    printf("%8s  %-16s %-19s %9s  %-12s %9s %8s  %s\n", "PID", "EXECUTABLE", "STARTED", "DURATION", "STATE", "SIZE",
           "DROPPED", "TRACE");
}

static void print_facts(const struct trace_facts *f, const char *name)
{
    char started[WORDS_SIZE], duration[WORDS_SIZE], size[WORDS_SIZE];

    printf("%8" PRIu32 "  %-16s %-19s %9s  %-12s %9s %8" PRIu64 "  %s\n", f->pid, f->executable,
           words_local_time(f->started_ns, started), words_duration(f->duration_ns, duration), f->state,
           words_size(f->disk_bytes, size), f->dropped, name);
}

/* Moves a trace that only tmpfs knows to the name that it was meant to have, or to that name with a number. */
static enum placement adopt(const char *stored, const char *wanted)
{
    char name[PATH_MAX];

    if (*wanted != '/') {
        message("cannot move '%s': it does not say where to", stored);
        return PLACEMENT_FAILED;
    }
    for (int i = 0; i < NAME_TRIES; i++) {
        struct stat s;

        if (snprintf(name, sizeof name, i == 0 ? "%s" : "%s.%d", wanted, i) >= (int)sizeof name)
            break;
        if (lstat(name, &s) == 0)
            continue;
        if (placement_adopt(stored, name) != PLACEMENT_DONE)
            return PLACEMENT_FAILED;
        printf("moved %s to %s\n", stored, name);
        return PLACEMENT_DONE;
    }
    message("cannot move '%s': no free name '%s.N'", stored, wanted);
    return PLACEMENT_FAILED;
}

static bool leads_to(const char *link, const char *stored)
{
    char target[PATH_MAX];
    ssize_t length = readlink(link, target, sizeof target - 1);

    if (length < 0)
        return false;
    target[length] = '\0';
    return strcmp(target, stored) == 0;
}

/* Whether a trace on tmpfs belongs into one of the directories that were asked for. */
static bool belongs_here(const struct listing *l, const char *out_name)
{
    char directory[PATH_MAX], asked[PATH_MAX], *slash;

    if (!*l->places)
        return true;
    snprintf(directory, sizeof directory, "%s", out_name);
    slash = strrchr(directory, '/');
    if (!slash)
        return false;
    *(slash == directory ? slash + 1 : slash) = '\0';
    for (char **place = l->places; *place; place++) {
        if (realpath(*place, asked) && strcmp(asked, directory) == 0)
            return true;
    }
    return false;
}

static void collect(struct listing *l, const struct trace_facts *f, const char *name, bool stored)
{
    enum placement result;

    if (f->live)
        return;
    if (stored && !leads_to(f->out_name, name))
        result = adopt(name, f->out_name);
    else
        result = placement_replace_link(stored ? f->out_name : name);
    if (result == PLACEMENT_FAILED)
        l->status = STATUS_USAGE;
}

/* stored: name lies on tmpfs. Such a trace is shown only when no link leads to it. */
static void list_one(struct listing *l, const char *name, bool stored, bool *heading)
{
    struct trace_facts facts;
    char error[512];
    struct trace *t = trace_open(name, error, sizeof error);

    if (!t && access(name, F_OK) != 0 && errno == ENOENT)
        return; /* gone since it was found: another kiwi collected it, or its owner removed it */
    if (!t && stored && *l->places)
        return; /* it does not say where it belongs, so it is none of those that were asked for */
    if (!t) {
        message("cannot read '%s': %s", name, error);
        l->status = STATUS_USAGE;
        return;
    }
    trace_facts_read(&facts, t);
    if (stored && !belongs_here(l, facts.out_name)) {
        trace_close(t);
        return;
    }
    if (!stored || !leads_to(facts.out_name, name)) {
        if (!*heading)
            print_heading();
        *heading = true;
        print_facts(&facts, name);
    }
    if (l->collect)
        collect(l, &facts, name, stored);
    trace_close(t);
}

/* Sets *directory when a directory is looked into, in which traces on tmpfs may belong. */
static bool add_argument(struct listing *l, const char *path, bool *directory)
{
    struct stat s;

    if (stat(path, &s) == 0 && !S_ISDIR(s.st_mode))
        return trace_list_add(&l->traces, path);
    *directory = true;
    return trace_list_add_directory(&l->traces, path);
}

static void list_all(struct listing *l, bool with_stored)
{
    unsigned named = l->traces.count;
    bool heading = false;

    if (with_stored && !trace_list_add_stored(&l->traces)) {
        message_errno("cannot look into '%s'", PLACEMENT_DIRECTORY);
        l->status = STATUS_USAGE;
    }
    for (unsigned i = 0; i < l->traces.count; i++)
        list_one(l, l->traces.files[i].name, i >= named, &heading);
    if (!heading && l->status == STATUS_OK)
        puts("no traces");
}

int cmd_ls(int argc, char **argv)
{
    static const struct option options[] = {
            {"collect", no_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    static char here[] = ".", *standard[] = {here, NULL};
    struct listing l = {.status = STATUS_OK};
    bool directory = false;
    int c;

    arguments_begin();
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (c == 'h')
            return arguments_help(help);
        if (c != 'c')
            return arguments_refused(argv, c, "ls", options);
        l.collect = true;
    }
    l.places = argv + optind;
    for (char **path = *l.places ? l.places : standard; *path; path++) {
        if (!add_argument(&l, *path, &directory)) {
            message_errno("cannot read '%s'", *path);
            l.status = STATUS_USAGE;
        }
    }
    list_all(&l, directory);
    trace_list_release(&l.traces);
    return l.status;
}
