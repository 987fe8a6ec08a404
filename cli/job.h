/*
 * The programs that `lodge up` runs: each a child in a process group of its own, so that Ctrl-C reaches lodge
 * alone, started and ended in the order of order.h, ready when it says READY=1 on the notify socket.
 */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "cli/order.h"
#include "conf/conf.h"

#include <ev.h>
#include <sys/types.h>

enum {
	JOBS_MAX = 2 * CONF_GUESTS_MAX + 16, /* a guest's launcher and the making of its image */
	JOB_ARGS = 40,
	JOB_STOP_SECONDS = 45, /* then SIGKILL, unless its patience says otherwise */
	JOB_STEADY_SECONDS = 60, /* after that long, a failure is the first again */
};

struct jobs;

struct job {
	char *name;
	char *argv[JOB_ARGS];
	unsigned uid, gid; /* 0: as we are */
	bool vital; /* its end before it was ever ready ends everything */
	bool proven; /* was ready once */
	bool reload_due; /* told to reload before it was ready: told again then */
	pid_t pid;
	unsigned failures; /* in a row */
	double since; /* loop time of the start */
	unsigned patience_s; /* with its end; JOB_STOP_SECONDS */
	bool told; /* SIGTERM is sent */
	bool renewed; /* so that its file, which may be another one now, is started in its place */
	ev_child child;
	ev_timer timer;
	struct jobs *jobs;
	size_t index;
};

struct jobs {
	struct ev_loop *loop;
	struct job *list[JOBS_MAX];
	struct order order[JOBS_MAX]; /* same index */
	size_t n;
	bool stopping, announced;
	int status; /* what `lodge up` exits with */
	int notify_fd;
	char *notify_path;
	ev_io notify;
	void (*on_up)(struct jobs *); /* all is ready, the first time */
	void (*on_over)(struct jobs *); /* one that ran ended for good; its slot may be taken */
	void *arg;
};

/* Open the notify socket at path. -1: errno. */
int jobs_open(struct jobs *, struct ev_loop *, const char *notify_path);
void jobs_close(struct jobs *);

/* A new job with these arguments (copied; NULL ends them). Returned so that its flags can be set; NULL: no room. */
struct job *job_add(struct jobs *, const char *name, struct order, const char *const argv[]);
struct job *job_find(struct jobs *, const char *name);

/* Start whose turn it is, or on the way down end whose turn it is. Called after every change. */
void jobs_advance(struct jobs *);
/* Begin the way down; called again it hurries: guests are killed. */
void jobs_stop(struct jobs *, int status);
/* End one job for good, the others go on. True: it is over; else on_over follows. */
bool job_end(struct job *);
/* SIGHUP, if it runs; once more when it is ready, if it was not. */
void job_reload(struct job *);
/* End it, if it runs, and start what now lies where it was started from. */
void job_renew(struct job *);

/* ---- job.c, for jobs.c: one of them ---- */

void job_init(struct job *, struct jobs *, const char *name, const char *const argv[]);
void job_clear(struct job *);
enum job_state *job_state(struct job *);
bool job_alive(struct job *);
void job_start(struct job *);
void job_tell(struct job *); /* SIGTERM, once, and then its patience runs */
void job_ready(struct job *); /* it said so */

#endif
