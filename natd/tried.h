/* `lodge-natd -t`: what it needs of the kernel, by asking for each; nothing of it is ever in force. */
#ifndef NATD_TRIED_H
#define NATD_TRIED_H

#include "base/sys.h"

/* The exit status. */
int tried(const struct sys_options *);

#endif
