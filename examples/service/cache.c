#include "cache.h"

#include "bugs.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS 8
#define BUCKETS 64

struct entry {
    struct entry *next;
    char *key;
    char value[CACHE_VALUE_BYTES];
};

struct shard {
    pthread_mutex_t lock;
    unsigned long entries;
    struct entry *buckets[BUCKETS];
};

struct cache {
    unsigned bugs;
    struct shard shards[SHARDS];
    pthread_mutex_t totals_lock;
    struct cache_totals totals; /* all but entries */
};

static unsigned key_hash(const char *key)
{
    unsigned hash = 5381;
    while (*key)
        hash = hash * 33 ^ (unsigned char)*key++;
    return hash;
}

static struct shard *key_shard(struct cache *cache, const char *key)
{
    return &cache->shards[key_hash(key) % SHARDS];
}

/* The link that leads, or would lead, to the entry. The shard must be locked, here and in all that says shard_. */
static struct entry **shard_find(struct shard *shard, const char *key)
{
    struct entry **link = &shard->buckets[key_hash(key) / SHARDS % BUCKETS];
    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    return link;
}

static struct entry *shard_get(struct shard *shard, const char *key)
{
    struct entry **link = shard_find(shard, key);
    if (*link)
        return *link;
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry && !(entry->key = strdup(key))) {
        free(entry);
        entry = NULL;
    }
    if (entry) {
        *link = entry;
        shard->entries++;
    }
    return entry;
}

static void shard_drop(struct shard *shard, struct entry **link)
{
    struct entry *entry = *link;
    *link = entry->next;
    shard->entries--;
    free(entry->key);
    free(entry);
}

struct cache *cache_open(unsigned bugs)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    cache->bugs = bugs;
    pthread_mutex_init(&cache->totals_lock, NULL);
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->shards[i].lock, NULL);
    return cache;
}

void cache_close(struct cache *cache)
{
    for (int i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        for (int j = 0; j < BUCKETS; j++) {
            while (shard->buckets[j])
                shard_drop(shard, &shard->buckets[j]);
        }
        pthread_mutex_destroy(&shard->lock);
    }
    pthread_mutex_destroy(&cache->totals_lock);
    free(cache);
}

bool cache_get(struct cache *cache, const char *key, char value[CACHE_VALUE_BYTES])
{
    struct shard *shard = key_shard(cache, key);
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = *shard_find(shard, key);
    if (entry)
        memcpy(value, entry->value, CACHE_VALUE_BYTES);
    pthread_mutex_unlock(&shard->lock);

    pthread_mutex_lock(&cache->totals_lock);
    cache->totals.gets++;
    cache->totals.hits += entry != NULL;
    pthread_mutex_unlock(&cache->totals_lock);
    return entry != NULL;
}

static __attribute__((noinline)) bool cache_refuse(struct cache *cache)
{
    pthread_mutex_lock(&cache->totals_lock);
    cache->totals.refused++;
    pthread_mutex_unlock(&cache->totals_lock);
    if (cache->bugs & BUG_UNLOCK)
        pthread_mutex_unlock(&cache->totals_lock); /* the bug: once more */
    return false;
}

bool cache_set(struct cache *cache, const char *key, const char *value)
{
    size_t size = strlen(value) + 1;
    if (size > CACHE_VALUE_BYTES)
        return cache_refuse(cache);
    struct shard *shard = key_shard(cache, key);
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = shard_get(shard, key);
    if (entry) {
        pthread_mutex_lock(&cache->totals_lock);
        cache->totals.bytes += size - (entry->value[0] ? strlen(entry->value) + 1 : 0);
        pthread_mutex_unlock(&cache->totals_lock);
        memcpy(entry->value, value, size);
    }
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

/* Keeps the processor away for a while, so that the deadlock comes within a second and not within a month. */
static void dawdle(void)
{
    for (int i = 0; i < 200; i++)
        sched_yield();
}

static void shards_lock(struct cache *cache, struct shard *a, struct shard *b)
{
    struct shard *first = a < b ? a : b, *second = a < b ? b : a;
    if (cache->bugs & BUG_DEADLOCK) {
        first = a; /* the bug: the order of the arguments */
        second = b;
    }
    pthread_mutex_lock(&first->lock);
    if (cache->bugs & BUG_DEADLOCK)
        dawdle();
    if (second != first)
        pthread_mutex_lock(&second->lock);
}

static void shards_unlock(struct shard *a, struct shard *b)
{
    if (a != b)
        pthread_mutex_unlock(&b->lock);
    pthread_mutex_unlock(&a->lock);
}

bool cache_move(struct cache *cache, const char *from, const char *to)
{
    struct shard *source = key_shard(cache, from), *target = key_shard(cache, to);
    shards_lock(cache, source, target);
    struct entry **link = shard_find(source, from);
    struct entry *entry = *link ? shard_get(target, to) : NULL;
    if (entry && entry != *link) {
        memcpy(entry->value, (*link)->value, CACHE_VALUE_BYTES);
        shard_drop(source, shard_find(source, from)); /* anew: the other entry may have joined the chain */
    }
    shards_unlock(source, target);
    return entry != NULL;
}

static __attribute__((noinline)) size_t shard_entries(struct shard *shard)
{
    pthread_mutex_lock(&shard->lock);
    size_t entries = shard->entries;
    pthread_mutex_unlock(&shard->lock);
    return entries;
}

size_t cache_purge(struct cache *cache, const char *key)
{
    struct shard *shard = key_shard(cache, key);
    pthread_mutex_lock(&shard->lock);
    size_t before = cache->bugs & BUG_SELF ? shard_entries(shard) /* the bug: it locks the shard */ : shard->entries;
    for (int i = 0; i < BUCKETS; i++) {
        while (shard->buckets[i])
            shard_drop(shard, &shard->buckets[i]);
    }
    pthread_mutex_unlock(&shard->lock);
    return before;
}

static __attribute__((noinline)) size_t cache_entries(struct cache *cache)
{
    size_t entries = 0;
    for (int i = 0; i < SHARDS; i++)
        entries += shard_entries(&cache->shards[i]);
    return entries;
}

struct cache_totals cache_stats(struct cache *cache)
{
    size_t entries = cache_entries(cache);
    pthread_mutex_lock(&cache->totals_lock);
    struct cache_totals totals = cache->totals;
    pthread_mutex_unlock(&cache->totals_lock);
    totals.entries = entries;
    return totals;
}

struct cache_totals cache_summary(struct cache *cache)
{
    if (!(cache->bugs & BUG_ORDER))
        return cache_stats(cache);
    pthread_mutex_lock(&cache->totals_lock);
    struct cache_totals totals = cache->totals;
    totals.entries = cache_entries(cache); /* the bug: shards under the totals */
    pthread_mutex_unlock(&cache->totals_lock);
    return totals;
}
