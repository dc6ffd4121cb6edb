#!/bin/bash
# Threads whose first deed is a signal handler that makes a wrapped call: signals are let in before a thread's function
# is called, and so before Kiwi knows the thread. Each has to be one thread in the trace, which ends when it does.
. "$(dirname "$0")/lib.bash"

cat >"$scratch/early.c" <<'C'
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { THREADS = 20 };

static sem_t handled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counted;

static void on_signal(int number)
{
    (void)number;
    sem_post(&handled);
    usleep(2000); /* meanwhile its creator asks for the thread */
}

static void *work(void *arg)
{
    pthread_mutex_lock(&lock);
    counted++;
    pthread_mutex_unlock(&lock);
    return arg;
}

/* The signal is pending for the process, and the new thread alone lets it in. */
static void *start(void *attr)
{
    pthread_t thread;
    int good = 0;
    for (int i = 0; i < THREADS; i++)
        good += !kill(getpid(), SIGUSR1) && !pthread_create(&thread, attr, work, NULL) && !sem_wait(&handled) &&
                !pthread_join(thread, NULL);
    printf("%d of %d\n", good, THREADS);
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t usr1, none;
    pthread_t thread;
    pthread_attr_t attr;
    sem_init(&handled, 0, 0);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setsigmask_np(&attr, &none);
    pthread_create(&thread, NULL, start, &attr);
    pthread_join(thread, NULL);
    usleep(500000); /* threads that end in the last moments are not judged */
    printf("%d counted\n", counted);
    return 0;
}
C
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O1 -g -pthread -o "$scratch/early" "$scratch/early.c" 2>"$scratch/cc" ||
    not_ok "the program builds" "$scratch/cc"

main_alone() { "$kiwi" threads "$scratch"/*.trace | tee /dev/stderr | grep -q '^1 thread at the last moment'; }
no_finding() { "$kiwi" report "$scratch"/*.trace | tee /dev/stderr | grep -q '^Verdict: APPROVE'; }

bare "$scratch/early"
recorded "$scratch/early"
check "a signal before a thread's function: the same output and status" alike
check "a signal before a thread's function: no thread is left when all have ended" main_alone
check "a signal before a thread's function: all are joined" no_finding
