/*
 * A guest's console: a terminal whose other side the kernel holds, always read into a ring (launch/ring.h), and a socket
 * to which people attach (launch/attach.h). The ring keeps what kernels before this one wrote, too.
 */
#ifndef LAUNCH_CONSOLE_H
#define LAUNCH_CONSOLE_H

#include "base/span.h"

#include <ev.h>
#include <stdint.h>
#include <sys/types.h>

struct console;

/* path: the socket's. NULL: errno. */
struct console *console_open(struct ev_loop *, const char *path);
void console_close(struct console *); /* NULL is nothing */

/* A fresh terminal for a fresh kernel. Returns the slave side, which the caller closes; -1: errno. */
int console_renew(struct console *);

/* What the ring holds of this kernel's run, oldest byte first, good until the next call. */
struct span console_text(struct console *);
/* Its place in all that was ever written, and what came from a place on. */
uint64_t console_total(const struct console *);
struct span console_since(struct console *, uint64_t place);
/* Reads what is still in the terminal, after the kernel has gone. */
void console_drain(struct console *);

/* A line of the launcher's own to all who are attached. */
void console_note(struct console *, const char *text);
/* How many are attached; *writer is the process that writes, 0 where none does. */
unsigned console_clients(const struct console *, pid_t *writer);

#endif
