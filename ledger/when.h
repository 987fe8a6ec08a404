/*
 * Times as people type and read them, in a time zone. A core: the zone is a function, which a program makes of what
 * the system knows and a test of what it likes.
 */
#ifndef LEDGER_WHEN_H
#define LEDGER_WHEN_H

#include "ledger/ledger.h"

#include <time.h>

enum { WHEN_TEXT = 40 };

/* Seconds that clocks are ahead of UTC at a time. */
typedef int64_t zone_of(int64_t at);

int64_t zone_utc(int64_t at);

/* What a clock in the zone shows, as if it were UTC's. */
struct tm when_clock(int64_t at, zone_of *);
extern const char *const when_months[12];

/* "2026-11": the first day of that month, UTC. -1: no such text. */
int when_month(struct span, int64_t *start);
/* "2026-11-22": where that day begins in the zone. -1: no such text. */
int when_day(struct span, zone_of *, int64_t *start);

/* The beginning of a time's day, and of the day that is so many later (or earlier). */
int64_t day_start(int64_t at, zone_of *);
int64_t day_after(int64_t at, int days, zone_of *);

/* "2026-11-22", "2026-11-22 03:00"; "2026-11-22T03:00:00+01:00", with a Z in UTC. */
const char *when_date(int64_t at, zone_of *, char out[WHEN_TEXT]);
const char *when_hour(int64_t at, zone_of *, char out[WHEN_TEXT]);
const char *when_iso(int64_t at, zone_of *, char out[WHEN_TEXT]);
/* "1 to 30 November 2026", "15 November to 14 December 2026" of [from, until), by UTC's days. */
const char *when_period(int64_t from, int64_t until, char out[2 * WHEN_TEXT]);

/* Hours, by time, become days of the zone: each counts to the day in which it begins. */
void hours_to_days(struct history *, zone_of *);
/* UTC's days, by time, become billing periods that begin at that day of the month. */
void days_to_periods(struct history *, uint8_t day);

#endif
