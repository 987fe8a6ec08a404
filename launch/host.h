/* What the host offers a guest: a CPU of its own, memory. */
#ifndef LAUNCH_HOST_H
#define LAUNCH_HOST_H

#include <stdint.h>

/*
 * The least used CPU among those this process may run on, taken by the file `cpu` in the guest's folder, which says so
 * to other launchers; -1: unknown. A guest whose processes wake each other across CPUs is several times slower.
 * The folders of all guests lie beside each other, in one that only root may open.
 */
int host_take_cpu(const char *folder);
void host_leave_cpu(const char *folder);

/* RAM and swap in all, and what could be had now without swapping. -1: errno. */
int host_memory(uint64_t *whole, uint64_t *available);

/* What the cgroups that this process is in (either version) leave of so much. */
uint64_t host_memory_ceiling(uint64_t whole);

#endif
