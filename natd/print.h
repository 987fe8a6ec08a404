/*
 * Operations as a script of sh(1): the words of ip(8) and sysctl(8), and one transaction of nft(8), in the order in
 * which natd does them. Given to a shell it makes what natd would have made. A core.
 */
#ifndef NATD_PRINT_H
#define NATD_PRINT_H

#include "natd/diff.h"

#include <stdio.h>

/* Nothing for no operations. */
void print_ops(const struct ops *, FILE *);

/* One fact of the tables as lines of nft's text. */
void nft_print(const struct fact *, bool add, FILE *);

#endif
