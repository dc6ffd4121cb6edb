/* bench.c - runs one benchmark scenario: bench SCENARIO [--setting=value ...] */
#include "measure.h"
#include "scenario.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct scenario {
    const char *name;
    scenario_function *function;
    const char *text;
};

static const struct scenario scenarios[] = {
#define X(name, function, text) {name, function, text},
        SCENARIOS(X)
#undef X
};

#define SCENARIO_COUNT (sizeof(scenarios) / sizeof(scenarios[0]))

static void *companion_run(void *argument)
{
    for (;;)
        pause();
    return argument;
}

int companion_start(const struct settings *settings)
{
    if (settings->alone)
        return 0;
    pthread_t thread;
    int error = pthread_create(&thread, NULL, companion_run, NULL);
    if (error != 0) {
        fprintf(stderr, "bench: cannot start a thread: %s\n", strerror(error));
        return -1;
    }
    pthread_detach(thread);
    return 0;
}

static const struct scenario *find_scenario(const char *name)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    }
    return NULL;
}

static void usage(void)
{
    printf("usage: bench SCENARIO [--setting=value ...]\nScenarios:\n");
    for (size_t i = 0; i < SCENARIO_COUNT; i++)
        printf("  %-14s%s\n", scenarios[i].name, scenarios[i].text);
    printf("Settings:\n");
    settings_help();
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        usage();
        return 0;
    }
    const struct scenario *scenario = argc >= 2 ? find_scenario(argv[1]) : NULL;
    if (scenario == NULL) {
        fprintf(stderr, "bench: no scenario '%s', see bench --help\n", argc >= 2 ? argv[1] : "");
        return 2;
    }
    struct settings settings;
    if (settings_parse(&settings, argc, argv) != 0)
        return 2;
    if (measure_bind(settings.cpu) != 0)
        return 1;
    return scenario->function(&settings);
}
