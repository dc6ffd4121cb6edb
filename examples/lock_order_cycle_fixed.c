// expect: none
/*
 * The photo library of lock_order_cycle.c, mended: the trimmer notes which thumbnails there are, asks the catalog
 * without holding the thumbnail lock, and then looks again. No thread takes the two locks the other way round.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PHOTOS 64

static pthread_mutex_t catalog_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t thumbs_lock = PTHREAD_MUTEX_INITIALIZER;
static bool in_catalog[PHOTOS];
static int thumb_bytes[PHOTOS];

static void nap_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static __attribute__((noinline)) void import_photo(int photo)
{
    pthread_mutex_lock(&catalog_lock);
    in_catalog[photo] = true;
    pthread_mutex_lock(&thumbs_lock);
    thumb_bytes[photo] = 4096;
    pthread_mutex_unlock(&thumbs_lock);
    pthread_mutex_unlock(&catalog_lock);
}

static __attribute__((noinline)) void catalog_copy(bool there[PHOTOS])
{
    pthread_mutex_lock(&catalog_lock);
    memcpy(there, in_catalog, sizeof in_catalog);
    pthread_mutex_unlock(&catalog_lock);
}

static __attribute__((noinline)) int thumbs_trim(void)
{
    bool there[PHOTOS];
    int freed = 0;
    catalog_copy(there);
    pthread_mutex_lock(&thumbs_lock);
    for (int i = 0; i < PHOTOS; i++) {
        if (thumb_bytes[i] > 0 && !there[i]) {
            freed += thumb_bytes[i];
            thumb_bytes[i] = 0;
        }
    }
    pthread_mutex_unlock(&thumbs_lock);
    return freed;
}

static void *importer(void *arg)
{
    (void)arg;
    for (int i = 0; i < PHOTOS; i++)
        import_photo(i);
    nap_ms(200);
    return NULL;
}

static void *trimmer(void *arg)
{
    int *freed = arg;
    nap_ms(100);
    *freed += thumbs_trim();
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int freed = 0;
    if (pthread_create(&threads[0], NULL, importer, NULL) || pthread_create(&threads[1], NULL, trimmer, &freed))
        return 1;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("trimmed %d bytes\n", freed);
    return 0;
}
