/*
 * cache.h - a hash table of short texts in eight shards, each with a lock of its own, and totals under another lock.
 *
 * Lock order: shards by number, then the totals. All functions may be called by any thread, cache_close() once and
 * last.
 */
#ifndef SERVICE_CACHE_H
#define SERVICE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#define CACHE_VALUE_BYTES 128 /* with the NUL */

struct cache;

struct cache_totals {
    unsigned long entries, bytes, gets, hits, refused;
};

struct cache *cache_open(unsigned bugs); /* NULL with errno set */
void cache_close(struct cache *cache);

bool cache_get(struct cache *cache, const char *key, char value[CACHE_VALUE_BYTES]);

/* False if the value is too long or there is no memory for it. */
bool cache_set(struct cache *cache, const char *key, const char *value);

/* Gives the value of `from` to `to`. False if there is no `from`. */
bool cache_move(struct cache *cache, const char *from, const char *to);

/* Drops every entry of the shard that `key` belongs to; returns how many. */
size_t cache_purge(struct cache *cache, const char *key);

struct cache_totals cache_stats(struct cache *cache);

/* The same for the last words of the service; workers may still be busy. */
struct cache_totals cache_summary(struct cache *cache);

#endif
