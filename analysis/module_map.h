/*
 * module_map.h - which module lay at an address, at a given time.
 *
 * Modules come and go at the same addresses; an epoch (kiwi_stack.epoch) tells which of them a stack met.
 */
#ifndef KIWI_MODULE_MAP_H
#define KIWI_MODULE_MAP_H

#include "reader.h"

#define MODULE_MAP_LATEST UINT64_MAX /* epoch: the module that is there now, else the last one that was */

struct module_map;
struct module_map *module_map_open(const struct trace *t); /* NULL = out of memory */
void module_map_close(struct module_map *m);
/* Module row, 0 = none known. */
uint32_t module_map_find(const struct module_map *m, uint64_t address, uint64_t epoch);
#endif
