/*
 * A guest's console: a terminal of ours whose other side the kernel holds, always read into a ring of the last
 * 64 KiB, and a socket (base/conpkt.h) to which CONSOLE_CLIENTS at a time may attach: one writes, all read.
 *
 * The ring keeps what kernels before this one wrote, too. Each reader has a place of its own in it: one that is slow
 * misses what the ring no longer holds, and is told how much; the guest waits for nobody.
 */
#ifndef LAUNCH_CONSOLE_H
#define LAUNCH_CONSOLE_H

#include "base/span.h"

#include <ev.h>
#include <sys/types.h>

enum {
	CONSOLE_RING = 64 << 10,
	CONSOLE_CLIENTS = 8,
};

struct console;

/* NULL: errno. The socket's path may be NULL: no socket. */
struct console *console_open(struct ev_loop *, const char *path, unsigned uid, unsigned gid);
void console_close(struct console *);

/* A fresh terminal for a fresh kernel. Returns the slave side, which the caller closes; -1: errno. */
int console_renew(struct console *);

/* What the ring holds of this kernel's run, oldest byte first, good until the next call. */
struct span console_text(struct console *);
/* Reads what is still in the terminal, after the kernel has gone. */
void console_drain(struct console *);

/* A line of the launcher's own to all who are attached. */
void console_note(struct console *, const char *text);
/* How many are attached; *writer is the process that writes, 0 where none does. */
unsigned console_clients(const struct console *, pid_t *writer);

#endif
