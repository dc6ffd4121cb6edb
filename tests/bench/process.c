/* process.c - whole processes: spawn, system, park. */
#include "measure.h"
#include "scenario.h"

#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRELOAD_NAME "LD_PRELOAD="
#define ENVIRONMENT_MAX 256

struct child_environment {
    char preload[4096];
    char *names[ENVIRONMENT_MAX];
};

/* This process's environment, with LD_PRELOAD for the child alone: the one that measures stays bare. */
static int environment_open(struct child_environment *environment)
{
    const char *preload = getenv("BENCH_PRELOAD");
    int count = 0;
    for (char **name = environ; *name != NULL; name++) {
        if (strncmp(*name, PRELOAD_NAME, strlen(PRELOAD_NAME)) == 0)
            continue;
        if (count + 2 >= ENVIRONMENT_MAX) {
            fprintf(stderr, "bench: too many environment variables\n");
            return -1;
        }
        environment->names[count++] = *name;
    }
    if (preload != NULL && *preload != '\0') {
        int length = snprintf(environment->preload, sizeof(environment->preload), PRELOAD_NAME "%s", preload);
        if (length < 0 || (size_t)length >= sizeof(environment->preload)) {
            fprintf(stderr, "bench: BENCH_PRELOAD is too long\n");
            return -1;
        }
        environment->names[count++] = environment->preload;
    }
    environment->names[count] = NULL;
    return 0;
}

static int run_true(struct child_environment *environment)
{
    char *const arguments[] = {(char *)"true", NULL};
    pid_t child;
    int status;
    int error = posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment->names);
    if (error != 0) {
        fprintf(stderr, "bench: cannot run /bin/true: %s\n", strerror(error));
        return -1;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    fprintf(stderr, "bench: /bin/true failed\n");
    return -1;
}

static int run_system(struct child_environment *environment)
{
    (void)environment;
    if (system(":") == 0)
        return 0;
    fprintf(stderr, "bench: system(\":\") failed\n");
    return -1;
}

/* One call is one batch. */
static int calls_measure(const struct settings *settings, int (*call)(struct child_environment *environment))
{
    struct child_environment environment;
    struct measure *measure = measure_open(settings->ms, settings->batches);
    if (measure == NULL || environment_open(&environment) != 0)
        return 1;
    int failed = 0;
    while (failed == 0 && measure_more(measure)) {
        measure_start(measure);
        failed = call(&environment);
        measure_stop(measure, 1);
    }
    if (failed == 0)
        failed = measure_print(measure);
    measure_close(measure);
    return failed != 0;
}

int scenario_spawn(const struct settings *settings)
{
    return calls_measure(settings, run_true);
}

int scenario_system(const struct settings *settings)
{
    return calls_measure(settings, run_system);
}

struct park {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    long parked;
};

static void *parked_run(void *argument)
{
    struct park *park = argument;
    pthread_mutex_lock(&park->lock);
    park->parked++;
    pthread_cond_signal(&park->arrived);
    pthread_mutex_unlock(&park->lock);
    for (;;)
        pause();
    return NULL;
}

/*
 * Starts the threads, says `ready` when each has taken the lock once, and ends with standard input, so that somebody
 * can look at the process meanwhile.
 */
int scenario_park(const struct settings *settings)
{
    struct park park = {.lock = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER};
    for (long i = 0; i < settings->threads; i++) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, parked_run, &park);
        if (error != 0) {
            fprintf(stderr, "bench: cannot start thread %ld: %s\n", i + 1, strerror(error));
            return 1;
        }
        pthread_detach(thread);
    }
    pthread_mutex_lock(&park.lock);
    while (park.parked < settings->threads)
        pthread_cond_wait(&park.arrived, &park.lock);
    pthread_mutex_unlock(&park.lock);
    if (printf("ready\n") < 0 || fflush(stdout) != 0)
        return 1;
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    _exit(0); /* the parked threads use this frame */
}
