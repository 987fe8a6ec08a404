/*
 * The system calls a guest's kernel may make, as a seccomp program. A core.
 *
 * Root in a guest can load a module into the guest's kernel, and so make any system call the kernel's process can.
 * Here are those that User Mode Linux makes, of both its ways (ptrace, and seccomp of newer kernels), and no other.
 * Where a call can do more than that kernel asks of it, its argument decides: clone without new namespaces, memory
 * without the host's huge pages, sockets of the family Unix (vsock knows no network namespace), of a terminal what its
 * size and its driver need, of the tap what shapes the frames (the tap itself is the host's), of fallocate holes alone
 * (it can take blocks beyond a file's end).
 * All others fail with an error; what the guest's own programs call never comes here, as their kernel answers it.
 */
#ifndef LAUNCH_FILTER_H
#define LAUNCH_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

enum { FILTER_MAX = 512 };

/* Instructions written to out[FILTER_MAX]; 0 on an architecture it does not know. */
size_t filter_build(struct sock_filter *out);

#endif
