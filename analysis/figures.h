/*
 * figures.h - arithmetic on figures of a trace that may be damaged: whatever they are, the result is defined.
 *
 * A sum of such figures wraps, and may come back to 0 although every part counts; a product as double may be greater
 * than any integer.
 */
#ifndef KIWI_FIGURES_H
#define KIWI_FIGURES_H

#include <stdint.h>

/* The integer mean of count parts; 0 where there are none. */
static inline uint64_t figure_mean(uint64_t sum, uint64_t count)
{
    return count ? sum / count : 0;
}

/* The nearest integer, halves upwards; 0 for what is negative or no number, UINT64_MAX for what is greater than
 * that. */
static inline uint64_t figure_round(double value)
{
    if (!(value > 0))
        return 0;
    return value < 0x1p64 - 2048 ? (uint64_t)(value + 0.5) : UINT64_MAX;
}
#endif
