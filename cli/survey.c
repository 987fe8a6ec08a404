/* All that is known now; see survey.h. */
#include "cli/survey.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/procs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_S 0.4 /* that a rate needs at least */

enum { ANSWER_MS = 2000, BLOCK = 512 };

static const char *const part_names[PARTS] = {
    [PART_NATD] = "natd", [PART_PROXY] = "proxy", [PART_ACCT] = "acct", [PART_WEB] = "web"};

int
survey_open(struct survey *s, const struct conf *conf, const struct guest *only)
{
	size_t n = conf->n_guests + 1;

	*s = (struct survey){.conf = conf, .end = conf->n_guests};
	sys_raise_files(); /* where it is below what CTL_CALLS takes */
	if (only) {
		s->first = (size_t)(only - conf->guests);
		s->end = s->first + 1;
	}
	s->sights = calloc(n, sizeof(*s->sights));
	s->before = calloc(n, sizeof(*s->before));
	s->now = calloc(n, sizeof(*s->now));
	s->calls = calloc(n + PARTS, sizeof(*s->calls));
	return look_open(&s->look, conf) == 0 && s->sights && s->before && s->now && s->calls ? 0 : -1;
}

static void
forget_answers(struct survey *s)
{
	for (size_t i = s->first; s->sights && i < s->end; i++) {
		json_decref(s->sights[i].said);
		s->sights[i].said = NULL;
	}
	for (int i = 0; i < PARTS; i++) {
		json_decref(s->parts[i]);
		s->parts[i] = NULL;
	}
}

void
survey_close(struct survey *s)
{
	forget_answers(s);
	look_close(&s->look);
	free(s->sights);
	free(s->before);
	free(s->now);
	free(s->calls);
}

/* --- the programs ------------------------------------------------------------------------------------------ */

const char *
survey_state(int error)
{
	if (ctl_is_down(error))
		return "down";
	if (remedy_is_right(error))
		return "no permission";
	return error == ETIMEDOUT ? "does not answer" : strerror(error);
}

static bool
has_part(const struct survey *s, int part)
{
	return part != PART_WEB || ip_is_set(&s->conf->web.listen.ip);
}

static size_t
n_calls(const struct survey *s)
{
	return s->end - s->first + PARTS - !has_part(s, PART_WEB);
}

static struct ctl_call
call_of(char *path)
{
	return (struct ctl_call){.path = path, .word = "status", .error = ENOMEM};
}

static void
ask_all(struct survey *s)
{
	struct ctl_call *c = s->calls;

	for (int i = 0; i < PARTS; i++)
		if (has_part(s, i))
			*c++ = call_of(conf_run_path(s->conf, "%s.sock", part_names[i]));
	for (size_t i = s->first; i < s->end; i++)
		*c++ = call_of(conf_run_path(s->conf, "guest-%s.sock", s->conf->guests[i].name));
	ctl_begin(s->calls, n_calls(s));
}

/* A part's answer with its state in it. */
static json_t *
part_of(const struct ctl_call *c)
{
	if (!c->answer)
		return json_pack("{s:s}", "state", survey_state(c->error));
	if (!json_object_get(c->answer, "state"))
		json_object_set_new(c->answer, "state", json_string("up"));
	return c->answer;
}

static void
take_answers(struct survey *s)
{
	struct ctl_call *c = s->calls;

	forget_answers(s);
	for (int i = 0; i < PARTS; i++) {
		if (!has_part(s, i))
			continue;
		s->parts[i] = part_of(c);
		s->forbidden[i] = remedy_is_right(c->error);
		free((char *)(uintptr_t)c->path);
		c++;
	}
	for (size_t i = s->first; i < s->end; i++, c++) {
		s->sights[i].said = c->answer;
		s->sights[i].error = c->error;
		free((char *)(uintptr_t)c->path);
	}
}

/* --- the kernel -------------------------------------------------------------------------------------------- */

static void
take_load(struct survey *s, struct sight *sight, size_t i)
{
	sight->has_load = s->now[i].there;
	sight->memory_used = s->now[i].pages * (uint64_t)sysconf(_SC_PAGESIZE);
	sight->cpu_known =
	    load_percent(&s->before[i], &s->now[i], s->seconds, sysconf(_SC_CLK_TCK), &sight->cpu_percent);
}

static void
take_disk(const struct survey *s, struct sight *sight)
{
	char *path = conf_state_path(s->conf, sight->guest->disk.image);
	struct stat st;

	sight->disk_known = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
	if (sight->disk_known) {
		sight->disk_used = (uint64_t)st.st_blocks * BLOCK;
		sight->disk_size = (uint64_t)st.st_size;
	}
	free(path);
}

static int
read_kernel(struct survey *s)
{
	memcpy(s->before, s->now, s->conf->n_guests * sizeof(*s->now));
	procs_read(s->conf, s->now);
	return look_rates(&s->look);
}

static bool
anything_moves(const struct survey *s)
{
	for (size_t i = s->first; i < s->end; i++)
		if (s->now[i].there || s->look.now[i].there)
			return true;
	return false;
}

/* --- what is billed ---------------------------------------------------------------------------------------- */

/* How old the ledger's numbers are: what lodge-acct has not told yet, or what came since its last word. */
static int64_t
redis_age(const struct survey *s)
{
	const json_t *redis = json_object_get(s->parts[PART_ACCT], "redis");
	int64_t newest = 0, now = (int64_t)time(NULL);

	if (redis)
		return json_integer_value(json_object_get(redis, "untold")) == 0
			   ? 0
			   : acct_told_s(s->parts[PART_ACCT]);
	for (size_t i = 0; i < s->conf->n_guests; i++)
		if (s->look.movers[i].billed_known && s->look.periods[i].ts > newest)
			newest = s->look.periods[i].ts;
	return newest == 0 ? -1 : now > newest ? now - newest : 0;
}

static void
take_sum(struct survey *s, struct sight *sight, size_t i, int64_t age_s)
{
	const uint64_t *v = s->look.periods[i].v;
	struct sum *sum = &sight->sum;

	if (s->look.movers[i].billed_known)
		*sum = (struct sum){
		    SOURCE_REDIS, v[REC_BILLED], v[REC_BYTES + TO_GUEST], v[REC_BYTES + FROM_GUEST], age_s};
	else if (!acct_sum(s->parts[PART_ACCT], sight->guest, (int64_t)time(NULL), sum) &&
		 sum->source != SOURCE_NONE) {
		sum->source = SOURCE_KEPT;
		sum->age_s = (int64_t)time(NULL) - s->summed_at;
	}
}

static void
take_sights(struct survey *s)
{
	int64_t age_s = redis_age(s);
	bool summed = false;

	for (size_t i = s->first; i < s->end; i++) {
		struct sight *sight = &s->sights[i];

		sight->guest = &s->conf->guests[i];
		sight->rate = s->look.movers[i].rate;
		take_load(s, sight, i);
		take_disk(s, sight);
		take_sum(s, sight, i, age_s);
		summed |= sight->sum.source == SOURCE_REDIS || sight->sum.source == SOURCE_ACCT;
	}
	if (summed)
		s->summed_at = (int64_t)time(NULL);
}

/* --- together ---------------------------------------------------------------------------------------------- */

int
survey_again(struct survey *s)
{
	double begun = sys_seconds(), left;
	bool first = s->asked_at == 0;
	int read = 0;

	s->asked_at = begun;
	ask_all(s);
	if (first)
		read = read_kernel(s);
	left = first && anything_moves(s) ? INTERVAL_S : 0;
	ctl_gather(s->calls, n_calls(s), (int)(left * 1e3));
	left -= sys_seconds() - begun;
	if (left > 0)
		usleep((useconds_t)(left * 1e6));
	if (read == 0)
		read = read_kernel(s);
	s->seconds = s->look.seconds;
	look_billed(&s->look);
	left = begun + ANSWER_MS / 1e3 - sys_seconds();
	ctl_await(s->calls, n_calls(s), left > 0 ? (int)(left * 1e3) : 0);
	take_answers(s);
	take_sights(s);
	return read;
}

const char *
survey_redis(const struct survey *s)
{
	return s->look.ledger ? "up" : survey_redis_forbidden(s) ? "no permission" : "down";
}

bool
survey_redis_forbidden(const struct survey *s)
{
	const struct redis_conf *redis = s->conf->redis;

	return !s->look.ledger && s->conf->n_redis == 1 && redis->kind != REDIS_TCP &&
	       access(redis->path, R_OK | W_OK) == -1 && errno == EACCES;
}

bool
survey_nothing(const struct survey *s)
{
	for (size_t i = s->first; i < s->end; i++)
		if (s->sights[i].said || strcmp(survey_state(s->sights[i].error), "down") != 0)
			return false;
	for (int i = PART_NATD; i <= PART_ACCT; i++)
		if (strcmp(json_string_value(json_object_get(s->parts[i], "state")), "down") != 0)
			return false;
	return true;
}

bool
survey_all_forbidden(const struct survey *s)
{
	bool any = false;

	for (size_t i = s->first; i < s->end; i++) {
		if (s->sights[i].said)
			return false;
		any |= s->sights[i].error == EACCES;
	}
	for (int i = 0; i < PARTS; i++) {
		if (json_object_get(s->parts[i], "name"))
			return false;
		any |= s->forbidden[i];
	}
	return any && !s->look.ledger;
}

const json_t *
survey_curb(const struct survey *s, const struct guest *guest)
{
	const json_t *list = json_object_get(s->parts[PART_NATD], "guests"), *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (strcmp(json_string_value(json_object_get(one, "name")) ?: "", guest->name) == 0)
			return json_object_get(one, "curb");
	return NULL;
}
