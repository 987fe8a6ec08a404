/* The plan made anew from the file and the host. Shell, natd only. */
#ifndef NATD_RENEW_H
#define NATD_RENEW_H

#include "natd/natd.h"

/* The outside device and its IPv6 settings. -1: why, as a sentence, good until the next call. */
int renew_host(struct apply *, const struct conf *, struct plan_host *, const char **why);

/* The new plan, once nothing stands in its way. -1: why, as a sentence. */
int renew_plan(struct apply *, const struct conf *, struct plan_host *, struct facts *want, const char **why);

/* For ctl_answer_reload; arg: struct natd. What is refused changes nothing. */
bool renew_file(void *arg, bool only_try, char *why, size_t room);

/* For sys_run and watch_open; arg: struct natd. */
void renew_on_signal(void *arg);
void renew_on_change(void *arg);

#endif
