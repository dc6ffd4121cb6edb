// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle import_photo
// where: lock-order-cycle thumbs_trim
/*
 * A photo library. The importer locks the catalog and then the thumbnail store; the trimmer locks the thumbnail store
 * and then asks the catalog which photos are gone. They never met in this run: the trimmer starts when the importer has
 * done most of its work. On a busy day each will hold what the other one wants.
 *
 * Kiwi prints lock-order-cycle (CRITICAL): both locks by name, and the stack of each of the four acquisitions.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
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

static __attribute__((noinline)) bool photo_exists(int photo)
{
    pthread_mutex_lock(&catalog_lock);
    bool there = in_catalog[photo];
    pthread_mutex_unlock(&catalog_lock);
    return there;
}

static __attribute__((noinline)) int thumbs_trim(void)
{
    int freed = 0;
    pthread_mutex_lock(&thumbs_lock);
    for (int i = 0; i < PHOTOS; i++) {
        if (thumb_bytes[i] > 0 && !photo_exists(i)) {
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
