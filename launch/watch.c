/* Watches one guest; see watch.h. */
#include "launch/watch.h"
#include "launch/console.h"
#include "launch/guest.h"
#include "launch/health.h"
#include "launch/host.h"
#include "launch/words.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LAST_LINES = 10 };

struct watch {
	struct ev_loop *loop;
	struct conf *conf;
	char name[CONF_GUEST_NAME_MAX + 1];
	char *folder;
	struct ctl *ctl;
	struct console *console;
	struct health *health; /* of the running kernel, else NULL */

	enum guest_state state;
	time_t since;
	ev_timer late; /* the state's own time */
	ev_child child; /* the reaper; pid 0: none */
	unsigned failures; /* in a row */
	unsigned long starts;
	ev_tstamp up_at;
	char why[LAUNCH_WHY]; /* it is not up; "" once it is */
	char last_end[LAUNCH_WHY]; /* of a kernel that ran */

	struct launch launch; /* the last one tried */
	uint64_t memory_bytes;
	int cpu;
	char limits[HOST_TEXT];
};

static void step(struct watch *, enum guest_event);

static void
wait_for(struct watch *w, double seconds)
{
	ev_timer_stop(w->loop, &w->late);
	ev_timer_set(&w->late, seconds, 0);
	ev_timer_start(w->loop, &w->late);
}

/* --- the acts --------------------------------------------------------------------------------------- */

static void
on_alive(void *arg, const char *how)
{
	struct watch *w = arg;

	if (w->state == GUEST_STARTING)
		log_info("%s: %s", w->name, how);
	step(w, EVENT_ANSWERED);
}

/* Tells the other launchers where this guest runs; -1: it does not. */
static void
tell_cpu(const struct watch *w, int cpu)
{
	char path[PATH_MAX];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/cpu", w->folder) >= (int)sizeof(path))
		return;
	if (cpu == -1) {
		unlink(path);
		return;
	}
	f = fopen(path, "we");
	if (!f)
		return;
	fprintf(f, "%d\n", cpu);
	fclose(f);
}

static enum launched
launch_planned(struct watch *w, const struct guest *guest, char *why)
{
	char *guests = conf_run_path(w->conf, "guests");
	struct spawned spawned;
	int slave, cgroup;
	enum launched result;

	w->memory_bytes = guest->memory_bytes;
	w->cpu = guests ? host_choose_cpu(guests) : -1;
	free(guests);
	slave = console_renew(w->console);
	if (slave == -1) {
		launch_why(why, "a terminal for the console: %s", strerror(errno));
		return LAUNCH_LATER;
	}
	cgroup = host_cgroup(w->name, guest->memory_bytes, SPAWN_PROCESSES, w->limits);
	result = launch_run(&w->launch, slave, w->cpu, cgroup, &spawned, why);
	close(slave);
	if (cgroup != -1)
		close(cgroup);
	if (result != LAUNCHED)
		return result;
	tell_cpu(w, w->cpu);
	ev_child_set(&w->child, spawned.pid, 0);
	ev_child_start(w->loop, &w->child);
	w->health = health_open(w->loop, spawned.run_fd, &guest->address, on_alive, w);
	if (!w->health)
		log_warn("%s: its management console cannot be reached: %s", w->name, strerror(errno));
	return LAUNCHED;
}

/* What is said once need not be said at each try. */
static void
tell_failure(struct watch *w, const char *why, bool final)
{
	if (final)
		log_error("%s: %s", w->name, why);
	else if (strcmp(why, w->why) != 0)
		log_warn("%s: %s; tried again by itself", w->name, why);
	strcpy(w->why, why);
}

static enum launched
launch_now(struct watch *w, char *why)
{
	const struct guest *guest = conf_guest(w->conf, w->name);
	enum launched result;

	if (!guest) {
		launch_why(why, "%s has no guest of this name any more", w->conf->files[0]);
		return LAUNCH_NEVER;
	}
	result = launch_plan(w->conf, guest, w->folder, &w->launch, why);
	if (result == LAUNCHED && why[0])
		log_warn("%s: %s", w->name, why);
	return result == LAUNCHED ? launch_planned(w, guest, why) : result;
}

static void
act_launch(struct watch *w)
{
	char why[LAUNCH_WHY];

	switch (launch_now(w, why)) {
	case LAUNCHED:
		w->starts++;
		log_info("%s: starting kernel %s as uid %u on cpu %d, %llu MiB", w->name,
		    w->launch.kernel.ability.version, w->launch.uid, w->cpu,
		    (unsigned long long)w->memory_bytes >> 20);
		wait_for(w, GUEST_BOOT_S);
		return;
	case LAUNCH_LATER:
		tell_failure(w, why, false);
		step(w, EVENT_REFUSED);
		return;
	case LAUNCH_NEVER:
		tell_failure(w, why, true);
		step(w, EVENT_IMPOSSIBLE);
		return;
	}
}

static void
act_ready(struct watch *w)
{
	ev_timer_stop(w->loop, &w->late);
	w->up_at = ev_now(w->loop);
	w->why[0] = '\0';
	log_info("%s: up", w->name);
	sys_notify("READY=1\nSTATUS=up");
}

static void
act_kill(struct watch *w)
{
	if (w->child.pid)
		kill(w->child.pid, SIGKILL);
}

static void
act_shutdown(struct watch *w)
{
	log_info("%s: asking it to power off", w->name);
	if (w->health)
		health_shutdown(w->health);
	wait_for(w, GUEST_GRACE_S);
}

static void
act_pause(struct watch *w, unsigned most_s)
{
	unsigned pause = guest_pause_s(++w->failures);

	if (pause > most_s)
		pause = most_s;
	log_debug("%s: next try in %u s", w->name, pause);
	wait_for(w, pause);
}

static void
step(struct watch *w, enum guest_event event)
{
	struct guest_step next = guest_next(w->state, event);

	if (next.next != w->state) {
		w->since = time(NULL);
		log_debug("%s: %s, now %s", w->name, guest_state_name(w->state), guest_state_name(next.next));
		ev_timer_stop(w->loop, &w->late);
	}
	w->state = next.next;
	switch (next.act) {
	case ACT_NONE:
		break;
	case ACT_LAUNCH:
		act_launch(w);
		break;
	case ACT_READY:
		act_ready(w);
		break;
	case ACT_SHUTDOWN:
		act_shutdown(w);
		break;
	case ACT_KILL:
		act_kill(w);
		break;
	case ACT_RETRY:
		act_pause(w, GUEST_RETRY_MAX_S);
		break;
	case ACT_PAUSE:
		act_pause(w, GUEST_PAUSE_MAX_S);
		break;
	case ACT_EXIT:
		sys_stop(w->loop);
		break;
	}
}

/* --- what happens ----------------------------------------------------------------------------------- */

static void
on_child(struct ev_loop *loop, ev_child *child, int events)
{
	struct watch *w = child->data;
	enum guest_event event;

	(void)events;
	ev_child_stop(loop, child);
	child->pid = 0;
	console_drain(w->console);
	health_close(w->health);
	w->health = NULL;
	tell_cpu(w, -1);
	host_cgroup_remove(w->name);
	event = guest_end(child->rstatus, console_text(w->console), w->why);
	strcpy(w->last_end, w->why);
	if (event == EVENT_CRASH && w->state != GUEST_STOPPING && w->state != GUEST_ENDING) {
		log_error("%s: %s", w->name, w->why);
		words_log_tail(w->name, console_text(w->console), LAST_LINES);
	} else {
		log_info("%s: %s", w->name, w->why);
	}
	if (w->state == GUEST_UP && ev_now(loop) - w->up_at >= GUEST_STEADY_S)
		w->failures = 0;
	step(w, event);
}

static void
on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct watch *w = timer->data;

	(void)loop, (void)events;
	if (w->state == GUEST_STARTING && w->health && health_console_answers(w->health)) {
		log_warn("%s: its kernel answers, and nothing in it on port 22", w->name);
		step(w, EVENT_ANSWERED);
		return;
	}
	if (w->child.pid)
		log_warn("%s: %s for too long: killed", w->name, guest_state_name(w->state));
	step(w, EVENT_LATE);
}

static json_t *
status(const struct watch *w)
{
	const struct words words = {
	    .name = w->name,
	    .state = guest_state_name(w->state),
	    .why = w->why,
	    .last_end = w->last_end,
	    .limits = w->limits,
	    .guest = conf_guest(w->conf, w->name),
	    .launch = &w->launch,
	    .since = w->since,
	    .starts = w->starts,
	    .failures = w->failures,
	    .guest_pid = w->child.pid,
	    .memory_bytes = w->memory_bytes,
	    .cpu = w->cpu,
	    .console_answers = w->health && health_console_answers(w->health),
	};

	return words_status(&words);
}

static json_t *
on_word(void *arg, const char *word)
{
	static const struct {
		const char *word;
		enum guest_event event;
	} words[] = {
	    {"start", EVENT_START},
	    {"stop", EVENT_STOP},
	    {"restart", EVENT_RESTART},
	    {"kill", EVENT_KILL},
	};
	struct watch *w = arg;

	if (strcmp(word, "console") == 0)
		return words_console(w->name, console_text(w->console));
	if (strcmp(word, "status") == 0)
		return status(w);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		log_info("%s: told to %s", w->name, word);
		w->failures = 0;
		step(w, words[i].event);
		return status(w);
	}
	return NULL;
}

/* --- from outside ----------------------------------------------------------------------------------- */

void
watch_start(struct watch *w)
{
	step(w, EVENT_START);
}

void
watch_end(struct watch *w)
{
	step(w, EVENT_END);
}

bool
watch_ended(const struct watch *w)
{
	return w->state == GUEST_ENDED;
}

void
watch_reload(void *arg)
{
	struct watch *w = arg;
	struct conf *fresh = calloc(1, sizeof(*fresh));
	struct conf_errors errors = {0};
	char first[512];

	if (!fresh)
		return;
	if (conf_load(w->conf->files[0], fresh, &errors) == -1) {
		log_error("reload refused: %s", conf_first_error(&errors, first, sizeof(first)));
		conf_free(fresh);
		free(fresh);
	} else {
		if (!conf_guest(fresh, w->name))
			log_warn(
			    "%s is no longer in %s; it runs until it is stopped", w->name, fresh->files[0]);
		conf_free(w->conf);
		free(w->conf);
		w->conf = fresh;
		log_info("reloaded; what changed for %s holds from its next start", w->name);
	}
	conf_errors_free(&errors);
}

int
watch_folder(const struct conf *conf, const char *name, char **path)
{
	char *guests = conf_run_path(conf, "guests");
	int result = -1;

	*path = conf_run_path(conf, "guests/%s", name);
	if (guests && *path && (access(guests, F_OK) == 0 || sys_mkdir(guests, 0755, 0, 0) == 0))
		result = sys_mkdir(*path, 0700, 0, 0);
	free(guests);
	return result;
}

struct watch *
watch_open(struct ev_loop *loop, struct conf *conf, const char *name, char **failed)
{
	struct watch *w = calloc(1, sizeof(*w));
	char *console;

	*failed = NULL;
	if (!w)
		return NULL;
	w->loop = loop;
	w->conf = conf;
	w->since = time(NULL);
	w->cpu = -1;
	strcpy(w->name, name);
	ev_timer_init(&w->late, on_late, 1, 0);
	ev_child_init(&w->child, on_child, 0, 0);
	w->child.pid = 0;
	w->late.data = w->child.data = w;

	if (watch_folder(conf, name, &w->folder) == -1) {
		*failed = w->folder;
		free(w);
		return NULL;
	}
	*failed = conf_run_path(conf, "guest-%s.sock", name);
	w->ctl = *failed ? ctl_open(loop, *failed, 0, 0, on_word, w) : NULL;
	if (!w->ctl) {
		free(w->folder);
		free(w);
		return NULL;
	}
	free(*failed);
	*failed = console = conf_run_path(conf, "guests/%s/console.sock", name);
	w->console = console ? console_open(loop, console, 0, 0) : NULL;
	if (!w->console) {
		watch_close(w);
		return NULL;
	}
	free(*failed);
	*failed = NULL;
	return w;
}

void
watch_close(struct watch *w)
{
	int saved = errno;

	console_close(w->console);
	ctl_close(w->ctl);
	tell_cpu(w, -1);
	rmdir(w->folder);
	free(w->folder);
	conf_free(w->conf);
	free(w->conf);
	free(w);
	errno = saved;
}
