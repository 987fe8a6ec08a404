/* What a worker does with its life, and what passes between it and its supervisor. */
#ifndef PROXY_LIFE_H
#define PROXY_LIFE_H

#include "proxy/inbox.h"
#include "proxy/worker.h"

/* Over the line between the two, a byte each. The line's end is the order to stop. */
enum {
	SAY_READY = '+', /* worker: I accept */
	SAY_RELOAD = 'r', /* supervisor: new rules lie in the text */
	SAY_DRAIN = 'd', /* supervisor: others accept now; finish, end */
	SAY_FINISH = 'f', /* supervisor: nobody accepts any more; finish, end */
};

/*
 * In the new process: keep its own descriptors alone, give privilege up, accept, relay, until the line ends.
 * text: the descriptor of the rules (rules.h), which all share. Of the inboxes its own is to read, the others to write.
 */
_Noreturn void life_run(
    const struct workers_plan *, const struct inboxes *, unsigned slot, int line, int text);

#endif
