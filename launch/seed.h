/*
 * A file of a base whose content each guest has of its own: planted with blocks that say which they are, found in the
 * image by them whatever the file system, and then written as a tarball.
 */
#ifndef LAUNCH_SEED_H
#define LAUNCH_SEED_H

#include "base/bases.h"
#include "conf/conf.h"

#define SEED_FILE "usr/lib/lodge/seed.tar"

enum { SEED_BYTES = BASES_SEED * BASES_BLOCK };

/* -1: errno. */
int seed_plant(int tree);
/* Where each block lies. -1: logged; one is missing or there twice. */
int seed_find(int image, uint64_t where[BASES_SEED]);
/* The tree at that path as a tarball, by way of a file in work. -1: logged. */
int seed_pack(const struct guest *, const char *work, const char *tree, char out[SEED_BYTES]);

#endif
