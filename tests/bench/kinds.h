/*
 * kinds.h - what the scenarios of kinds.c need from C++.
 */
#ifndef KIWI_BENCH_KINDS_H
#define KIWI_BENCH_KINDS_H

#ifdef __cplusplus
extern "C" {
#endif

void *std_mutex_made(void); /* a std::mutex */
void std_mutex_pairs(void *lock, unsigned long pairs);

#ifdef __cplusplus
}
#endif
#endif
