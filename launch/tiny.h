/*
 * The smallest userspace: an initial RAM disk (cpio, newc) with one program of a few instructions, which says
 * TINY_WORD on the console and powers off. A core.
 */
#ifndef LAUNCH_TINY_H
#define LAUNCH_TINY_H

#include <stddef.h>

#define TINY_WORD "lodge: userspace reached"

enum { TINY_BYTES = 4096 };

/* Bytes written to out[TINY_BYTES]; 0 on an architecture that has no such program. */
size_t tiny_initrd(char *out);

#endif
