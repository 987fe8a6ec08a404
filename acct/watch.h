/*
 * Interfaces that matter → a filter that the kernel runs on every packet. A core.
 *
 * It asks as few questions as a search among the sorted numbers does, and one where they follow each other: a
 * thousand comparisons a packet would cost whoever sends it more than all the rest of the way.
 */
#ifndef ACCT_WATCH_H
#define ACCT_WATCH_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A program that keeps so many bytes of the packets of these interfaces, sorted and each once, and nothing of any
 * other. Returns its length, or 0: no room for it.
 */
size_t watch_program(
    struct sock_filter *out, size_t room, const uint32_t *ifindexes, size_t n, uint32_t keep);

#endif
