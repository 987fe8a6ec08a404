/* What is done to a guest under watch; see act.h. */
#include "launch/act.h"
#include "launch/host.h"
#include "launch/words.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LAST_LINES = 48,
	MANAGER_SPARE_S = 25, /* beyond a guest's grace: to kill it, and to say so */
};

static void
wait_for(struct watch *w, double seconds)
{
	ev_timer_stop(w->loop, &w->late);
	ev_timer_set(&w->late, seconds, 0);
	ev_timer_start(w->loop, &w->late);
}

static void
on_alive(void *arg, const char *how)
{
	struct watch *w = arg;

	if (w->state == GUEST_STARTING)
		log_info("%s: %s", w->name, how);
	act_step(w, EVENT_ANSWERED);
}

/* What does not hold is said once. */
static void
take_cgroup(struct watch *w, const struct guest *guest, struct cgroup *cgroup)
{
	cgroup_open(w->name, w->folder, guest->memory_bytes, SPAWN_PROCESSES, cgroup);
	if (*cgroup->missing && strcmp(cgroup->text, w->limits) != 0)
		log_warn("%s: no ceiling of its own for %s", w->name, cgroup->missing);
	strcpy(w->limits, cgroup->text);
}

static enum launched
launch_planned(struct watch *w, const struct guest *guest, char *why)
{
	struct spawned spawned;
	struct cgroup cgroup;
	int slave;
	enum launched result;

	w->memory_bytes = guest->memory_bytes;
	w->grace_s = guest->grace_ms / 1000.0;
	slave = console_renew(w->console);
	if (slave == -1) {
		launch_why(why,
		    "a terminal for the console: %s; sysctl kernel.pty shows how many there are and may be",
		    strerror(errno));
		return LAUNCH_LATER;
	}
	w->cpu = host_take_cpu(w->folder);
	take_cgroup(w, guest, &cgroup);
	result = launch_run(&w->launch, slave, w->cpu, &cgroup, &spawned, &w->image_fd, why);
	close(slave);
	cgroup_close(&cgroup);
	if (result != LAUNCHED) {
		w->image_fd = -1;
		host_leave_cpu(w->folder);
		return result;
	}
	w->killed = NULL;
	ev_child_set(&w->child, spawned.pid, 0);
	ev_child_start(w->loop, &w->child);
	w->health = health_open(w->loop, spawned.run_fd, &guest->address, guest->health_port, on_alive, w);
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
	w->fault = final ? FAULT_INPUT : FAULT_HOST;
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
		wait_for(w, guest_boot_s(w->failures));
		return;
	case LAUNCH_LATER:
		tell_failure(w, why, false);
		act_step(w, EVENT_REFUSED);
		return;
	case LAUNCH_NEVER:
		tell_failure(w, why, true);
		act_step(w, EVENT_IMPOSSIBLE);
		return;
	}
}

static void
act_ready(struct watch *w)
{
	ev_timer_stop(w->loop, &w->late);
	w->up_at = ev_now(w->loop);
	w->why[0] = '\0';
	w->fault = FAULT_NONE;
	log_info("%s: up", w->name);
	console_note(w->console, "up");
	pause_up(w->pause, w->health);
}

static void
act_kill(struct watch *w, enum guest_event event)
{
	if (!w->child.pid)
		return;
	w->killed = event == EVENT_LATE ? "killed: it took too long" : "killed as told";
	kill(w->child.pid, SIGKILL);
}

static void
act_shutdown(struct watch *w)
{
	char more[64];

	log_info("%s: asking it to power off", w->name);
	/* A unit's own limit knows nothing of the file's `grace`. */
	snprintf(more, sizeof(more), "EXTEND_TIMEOUT_USEC=%.0f", (w->grace_s + MANAGER_SPARE_S) * 1e6);
	sys_notify(more);
	if (w->health)
		health_shutdown(w->health);
	wait_for(w, w->grace_s);
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

/*
 * To the service manager: it need not wait any longer once the guest has come up, or once it is known that this does not
 * go smoothly, for then somebody has to look, and a host that boots has more to do.
 */
static void
tell_manager(const struct watch *w)
{
	char line[LAUNCH_WHY + 64];
	const char *state = guest_state_name(w->state);

	if (w->state == GUEST_UP)
		snprintf(line, sizeof(line), "READY=1\nSTATUS=up");
	else if (w->state == GUEST_STARTING || w->state == GUEST_ENDING || w->state == GUEST_ENDED)
		snprintf(line, sizeof(line), "STATUS=%s", state);
	else
		snprintf(line, sizeof(line), "READY=1\nSTATUS=not up: %s%s%s", state, w->why[0] ? ": " : "",
		    w->why);
	sys_notify(line);
}

void
act_step(struct watch *w, enum guest_event event)
{
	struct guest_step next = guest_next(w->state, event);

	if (w->state == GUEST_UP && next.next != GUEST_UP)
		pause_not_up(w->pause, "it is told otherwise");
	if (next.next != w->state) {
		w->since = time(NULL);
		log_debug("%s: %s, now %s", w->name, guest_state_name(w->state), guest_state_name(next.next));
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
		act_kill(w, event);
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
	if (w->state == next.next)
		tell_manager(w);
}

/* --- what happens ----------------------------------------------------------------------------------- */

void
act_on_child(struct ev_loop *loop, ev_child *child, int events)
{
	struct watch *w = child->data;
	struct guest_ending end;
	bool full;

	(void)events;
	ev_child_stop(loop, child);
	child->pid = 0;
	/* Only here and where it comes up: the time that a kernel is given runs on whatever else is asked meanwhile. */
	ev_timer_stop(loop, &w->late);
	console_drain(w->console);
	host_leave_cpu(w->folder);
	full = cgroup_was_full(w->name, w->folder);
	cgroup_remove(w->name, w->folder);
	close(w->image_fd);
	w->image_fd = -1;
	end = guest_end(&(struct guest_clues){
	    .wait_status = child->rstatus,
	    .console = console_text(w->console),
	    .panic = w->health ? health_panic(w->health) : span_of("", 0),
	    .cgroup = full,
	});
	pause_ended(w->pause);
	health_close(w->health);
	w->health = NULL;
	if (w->killed && end.event == EVENT_CRASH) {
		strcpy(end.why, w->killed);
		end.fault = FAULT_GUEST;
	}
	strcpy(w->why, end.why);
	strcpy(w->last_end, end.why);
	console_note(w->console, end.why);
	if (end.event == EVENT_OFF && w->state == GUEST_STARTING)
		end.fault = FAULT_GUEST;
	w->fault = w->state == GUEST_STOPPING ? FAULT_NONE : end.fault;
	if (end.event == EVENT_CRASH && (w->state == GUEST_STARTING || w->state == GUEST_UP)) {
		w->crashes++;
		log_error("%s: %s", w->name, w->why);
		words_log_tail(w->name, console_text(w->console), LAST_LINES);
	} else {
		log_info("%s: %s", w->name, w->why);
	}
	if (w->state == GUEST_UP && ev_now(loop) - w->up_at >= GUEST_STEADY_S)
		w->failures = 0;
	act_step(w, end.event);
}

void
act_on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct watch *w = timer->data;

	(void)loop, (void)events;
	if (w->state == GUEST_STARTING && w->health && health_console_answers(w->health)) {
		log_warn("%s: its kernel answers, and nothing else in it", w->name);
		act_step(w, EVENT_ANSWERED);
		return;
	}
	if (w->child.pid)
		log_warn("%s: %s for too long: killed", w->name, guest_state_name(w->state));
	act_step(w, EVENT_LATE);
}
