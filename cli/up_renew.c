/* `lodge up` where its programs were replaced by others on the disk; see up.h. */
#include "base/log.h"
#include "cli/up.h"

#include <signal.h>

static const char *const started_again[] = {"lodge-natd", "lodge-acct", "lodge-web"};

enum { N_AGAIN = sizeof(started_again) / sizeof(*started_again) };

bool
up_renewing(struct up *up)
{
	for (size_t i = 0; i < N_AGAIN; i++) {
		struct job *job = job_find(&up->jobs, started_again[i]);

		if (job &&
		    (job->renewed || *job_state(job) == JOB_STARTING || *job_state(job) == JOB_WAITING))
			return true;
	}
	return false;
}

void
up_renew(struct up *up)
{
	struct job *proxy = job_find(&up->jobs, "lodge-proxy");

	for (size_t i = 0; i < N_AGAIN; i++) {
		struct job *job = job_find(&up->jobs, started_again[i]);

		if (job)
			job_renew(job);
	}
	if (proxy && job_alive(proxy))
		kill(proxy->pid, SIGUSR2);
	log_info("renewing lodge-natd, lodge-acct, lodge-web and lodge-proxy; guests go on");
}
