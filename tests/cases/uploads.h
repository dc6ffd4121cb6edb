/* Threads that upload parts, of which some fail, through a semaphore that lets few of them in at a time. */
#ifndef KIWI_CASES_UPLOADS_H
#define KIWI_CASES_UPLOADS_H

#include "case.h"

#include <semaphore.h>
#include <unistd.h>

#define UPLOADERS 6
#define PARTS 40

static sem_t places;
static int (*upload_one)(int part);
static int first_part[UPLOADERS];

static inline __attribute__((unused)) int send_part(int part)
{
    usleep(1000);
    return part % 7 == 3 ? -1 : 0;
}

static inline __attribute__((unused)) void *uploader(void *first)
{
    for (int i = 0; i < PARTS; i++)
        upload_one(*(const int *)first + i);
    return NULL;
}

static inline __attribute__((unused)) int run_uploads(int (*upload)(int part), unsigned at_a_time)
{
    pthread_t threads[UPLOADERS];

    upload_one = upload;
    must(sem_init(&places, 0, at_a_time), "sem_init");
    for (int i = 0; i < UPLOADERS; i++) {
        first_part[i] = 5 * i;
        threads[i] = thread_start(uploader, &first_part[i]);
    }
    for (int i = 0; i < UPLOADERS; i++)
        thread_join(threads[i]);
    return 0;
}
#endif
