/* The run directory of `lodge up`: one at a time, nothing of an earlier one alive in it, swept at the end. */
#ifndef CLI_RUNDIR_H
#define CLI_RUNDIR_H

#include "conf/conf.h"

/*
 * Makes it and locks it until this process ends; ends the programs that outlived an earlier supervisor, sweeps what
 * killed launchers of guests that are no longer in the file have left, and waits for its Redis to be gone. What is in
 * the way ends us, with a line that says what to do.
 */
void rundir_take(const struct conf *);

/* What is ours in it; itself when nothing else is in it. */
void rundir_sweep(const struct conf *);

#endif
