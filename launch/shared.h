/*
 * A disk on a base that several guests share: the base's image, made once (base/bases.h), and of each guest only what it
 * writes (base/cow.h). What no two guests have alike goes into the guest's own file as the content of one file of the
 * base, /usr/lib/lodge/seed.tar, which lodge-net unpacks at the first boot.
 */
#ifndef LAUNCH_SHARED_H
#define LAUNCH_SHARED_H

#include "base/bases.h"
#include "conf/conf.h"
#include "launch/kernel.h"

/* One maker at a time: a descriptor whose closing lets the next one in. -1: logged. */
int shared_lock(const struct conf *);
/* 1: the guest's base is there, and as it was; 0: there is none yet; -1: logged. */
int shared_find(const struct conf *, const struct guest *, bool refresh, struct base *);
/* The guest as which the base is made: nobody. It borrows from the other one. */
struct guest shared_plain(const struct guest *);
/* The base, from its tree (work/tree), which is fitted here. guest: as shared_plain has it. 0, or -1 logged. */
int shared_make(const struct conf *, const struct guest *, const char *work, int tree, struct base *);
/* What the guest starts with, into an empty file. work and keys as in fit.h. 0, or -1 logged. */
int shared_write(const struct conf *, const struct guest *, const struct base *, const char *work,
    const char *keys, int fd);

/* Before every launch: the base is what it was, and the image stands on it. Else LAUNCH_NEVER, and why[LAUNCH_WHY]. */
enum launched shared_check(
    const struct conf *, const struct guest *, const char *image, struct base *, char *why);

#endif
