/*
 * The system calls a guest's kernel may not make, as a seccomp program. A core.
 *
 * Root in a guest can load a module into the guest's kernel, and so make any system call the kernel's process can.
 * This takes away those that reach beyond what the jail holds or that offer the host's kernel as a target: new
 * namespaces, mounts, keys, bpf, io_uring, sockets of any family but Unix (vsock knows no network namespace), and
 * whatever the tap's descriptor would do to the tap itself, which is the host's.
 * They fail with an error; what the guest's own programs call never comes here, as their kernel answers it.
 */
#ifndef LAUNCH_FILTER_H
#define LAUNCH_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

enum { FILTER_MAX = 128 };

/* Instructions written to out[FILTER_MAX]; 0 on an architecture it does not know. */
size_t filter_build(struct sock_filter *out);

#endif
