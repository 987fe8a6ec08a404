/*
 * What Redis holds, as the pages show it. Nothing here waits: what is asked for and is older than two seconds, or than
 * twenty times what reading it took (so that no more than a twentieth of the time goes into reading), is read by the
 * reader's thread, and what is known is given meanwhile. While Redis does not answer, the last reading stays, and it is
 * asked again only now and then.
 */
#ifndef WEB_DATA_H
#define WEB_DATA_H

#include "web/reader.h"

struct data;

struct data *data_open(struct ev_loop *, const struct conf *); /* NULL: no memory */
int data_start(struct data *); /* as reader_start */
bool data_close(struct data *); /* as reader_close */
/* Another conf; the old one is freed when nothing reads by it any more. Numbers that are known stay known. */
void data_reload(struct data *, const struct conf *, struct conf *old);

/* --- what is wanted ------------------------------------------------------------------------------------------------ */

struct need {
	enum work work; /* WHO, GUEST, ALL or USAGE */
	const char *guest; /* GUEST, USAGE ("": all) */
	enum by by; /* USAGE */
};

/*
 * Has it read where what is known is old. Is it worth waiting for, of one who has waited so long already? When it came,
 * when Redis is silent, or when what is known is young, it is not.
 */
bool data_wait(struct data *, const struct need *, double waited_s);
/* Called whenever something was read, or could not be. */
void data_on_change(struct data *, void (*changed)(void *), void *arg);

/* --- what is known --------------------------------------------------------------------------------------------------- */

/* Is there a guest of that name, or a tap (whose guest's name then goes into name)? */
bool data_knows(const struct data *, char name[CONF_GUEST_NAME_MAX + 1], bool tap);
/* One guest with all its rows; NULL: they were never read. spoilt: why. Good until the loop goes on. */
const struct shown *data_guest(struct data *, const char *name, const char **spoilt);
/* All of them, by name, without rows; of a guest that is gone only if it moved something in this period. */
size_t data_all(struct data *, const struct shown *const **out);
/* Is there such a part of them, as the page has it? While they were never read, there may be any. */
bool data_has_part(const struct data *, unsigned part);
/* NULL: it was never read. done: of the last reading that was answered. */
const struct usage *data_usage(
    struct data *, const char *guest, enum by, enum usage_read *done, const char **spoilt);
/* Whom the usage of all is without, for their keys cannot be read. NULL: it was never read. */
const struct names *data_left_out(const struct data *);

/* The page's part: when that was read which was given last, and how Redis is. now and viewer are the caller's. */
void data_page(struct data *, struct page *);
const char *data_why(struct data *); /* NULL: it answers, or nobody asked it yet */
bool data_answers(struct data *); /* it did a moment ago, when WHO was read */

/* Totals of guests, as soon as they are read; one reading at a time. */
typedef void data_totals(void *arg, const struct shown *list, size_t n);
void data_watch(struct data *, data_totals *, void *arg);
void data_ask_totals(struct data *, const char *const *names, size_t n);

struct data_counts {
	uint64_t reads, failed;
	double spent_s;
};
const struct data_counts *data_counts(const struct data *);

#endif
