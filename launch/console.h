/*
 * A guest's console: a terminal of ours whose other side the kernel holds, always read into a ring of the last
 * 64 KiB, and a socket on which CONSOLE_CLIENTS at a time may look and type.
 *
 * Who connects first gets the ring, then everything as it comes; what they send is typed. A reader too slow for
 * the guest loses its connection, never the guest its time.
 */
#ifndef LAUNCH_CONSOLE_H
#define LAUNCH_CONSOLE_H

#include "base/span.h"

#include <ev.h>

enum {
	CONSOLE_RING = 64 << 10,
	CONSOLE_CLIENTS = 4,
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

#endif
