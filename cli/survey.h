/*
 * All that is known now, of every guest or of one: what the programs say of themselves, what the ledger holds, what the
 * kernel counts. All are asked at once, and nobody who does not answer costs more than the two seconds of all.
 *
 * Where the ledger does not answer, what a guest is billed is lodge-acct's own count; where that is not there either, what
 * an earlier look saw.
 */
#ifndef CLI_SURVEY_H
#define CLI_SURVEY_H

#include "base/ctl.h"
#include "cli/acct.h"
#include "cli/load.h"
#include "cli/look.h"

enum part { PART_NATD, PART_PROXY, PART_ACCT, PART_WEB, PARTS };

struct sight {
	const struct guest *guest;
	json_t *said; /* its launcher's status, or NULL and … */
	int error; /* … errno: ENOENT: nobody launches it */
	bool has_load, cpu_known, disk_known;
	unsigned cpu_percent; /* of one CPU */
	uint64_t memory_used, disk_used, disk_size; /* bytes */
	struct rate rate; /* over the survey's seconds */
	struct sum sum;
};

struct survey {
	const struct conf *conf;
	size_t first, end; /* which of the conf's guests */
	struct sight *sights; /* of all of them */
	json_t *parts[PARTS]; /* each with its state; NULL: the file has no such part */
	bool forbidden[PARTS];
	double seconds; /* of rates and CPU */
	struct look look;
	struct load *before, *now;
	struct ctl_call *calls; /* the parts', then the guests' */
	double asked_at; /* as sys_seconds; 0: never */
	int64_t summed_at; /* when sums were last known */
};

/* only: that guest, or NULL for all. -1: no memory. survey_close also then. */
int survey_open(struct survey *, const struct conf *, const struct guest *only);
/* Looks again. -1: errno, the kernel does not say what it counts. */
int survey_again(struct survey *);
void survey_close(struct survey *);

/* "up", "down", "no permission" …; whether the ledger is not ours to ask. */
const char *survey_redis(const struct survey *);
bool survey_redis_forbidden(const struct survey *);
/* Nobody at all answers, for nothing runs; nobody may be asked. */
bool survey_nothing(const struct survey *);
bool survey_all_forbidden(const struct survey *);
/* How traffic of a guest is held back, as lodge-natd has it, or NULL. */
const json_t *survey_curb(const struct survey *, const struct guest *);

/* {"state": …} of what did not answer, in words. */
const char *survey_state(int error);

#endif
