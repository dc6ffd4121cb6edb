/*
 * service - a small cache server of the usual build: an epoll loop, a queue, worker threads, a sharded cache and an
 * audit log. As it stands, Kiwi has nothing to say about it; --bug= plants what Kiwi is there to find.
 */
#include "bugs.h"
#include "server.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    struct server_options server;
    const char *audit_path;
};

static void print_usage(void)
{
    printf("usage: service [--port=N] [--workers=N] [--audit=FILE] [--bug=NAME[,NAME...]]\n"
           "Listens on 127.0.0.1 (any free port by default, which it prints) until SIGTERM.\nBugs:\n");
    bugs_print();
    printf("  all       every one that does not hang\n");
}

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "service: %s: '%s' (try --help)\n", what, value);
    return 2;
}

static bool take_number(const char *text, unsigned long max, unsigned long *value)
{
    char *end;
    errno = 0;
    *value = strtoul(text, &end, 10);
    return errno == 0 && end != text && !*end && *value <= max;
}

static int take_bugs(struct settings *settings, char *names)
{
    for (char *name; (name = strsep(&names, ","));) {
        if (!bugs_add(&settings->server.bugs, name))
            return complain("no such bug", name);
    }
    return 0;
}

/* Returns 0 to go on, else 1 plus the exit status. */
static int parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
            {"port", required_argument, NULL, 'p'},  {"workers", required_argument, NULL, 'w'},
            {"audit", required_argument, NULL, 'a'}, {"bug", required_argument, NULL, 'b'},
            {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    unsigned long number;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            print_usage();
            return 1;
        } else if (option == 'a') {
            settings->audit_path = optarg;
        } else if (option == 'b') {
            if (take_bugs(settings, optarg) != 0)
                return 3;
        } else if (option == 'p' && take_number(optarg, 65535, &number)) {
            settings->server.port = (unsigned short)number;
        } else if (option == 'w' && take_number(optarg, 64, &number) && number > 0) {
            settings->server.workers = (unsigned)number;
        } else {
            return option == '?' ? 3 : complain("bad number", optarg) + 1;
        }
    }
    return optind < argc ? complain("unexpected argument", argv[optind]) + 1 : 0;
}

int main(int argc, char **argv)
{
    struct settings settings = {.server = {.workers = 4}, .audit_path = "audit.log"};
    int stop = parse(&settings, argc, argv);
    if (stop)
        return stop - 1;

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread: all inherit it, and the event loop reads a signalfd */

    struct audit *audit = audit_open(settings.audit_path, settings.server.bugs);
    if (!audit) {
        fprintf(stderr, "service: cannot open '%s': %s\n", settings.audit_path, strerror(errno));
        return 1;
    }
    struct cache *cache = cache_open(settings.server.bugs);
    int result = -1;
    if (cache) {
        result = server_run(&settings.server, cache, audit);
        cache_close(cache);
    } else {
        fprintf(stderr, "service: cannot make the cache: %s\n", strerror(errno));
    }
    audit_close(audit);
    return result == 0 ? 0 : 1;
}
