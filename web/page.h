/*
 * The pages, in HTML, of what was read. A core: page.c is what all pages have, page_home.c all guests, page_guest.c one
 * of them, page_quota.c its quota in words, page_rows.c its times as charts, style.c what is sent beside them.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "web/ask.h"
#include "web/chart.h"

enum { SHOWN_WHY = 160 };

/* One guest, as of a reading. */
struct shown {
	struct bill bill;
	uint8_t day; /* the first of its billing periods */
	struct record total; /* since the beginning */
	char tap[CONF_IFNAME]; /* "": not known */
	const char *domain; /* the first of n_domains */
	size_t n_domains;
	int64_t read_at; /* the bill and the totals; 0: never */
	double read_s; /* the same, by the clock that is never set */
	char spoilt[SHOWN_WHY]; /* ""; else what it is that could not be read last: older numbers stay */
	bool rate_known; /* of the last minutes, in bit/s: */
	uint64_t rate[DIRECTIONS];
	struct history hours; /* the last day */
	struct history days; /* the last month, in the zone */
	struct history months; /* of a year: billing periods, made of UTC's days */
};

/* What is the same for all that a page shows. */
struct page {
	int64_t now;
	zone_of *zone;
	const char *zone_name;
	bool wire; /* charts show what the wire carried, for that is billed */
	const struct viewer *viewer;
	int64_t read_at; /* when the numbers were read; 0: they never were */
	const char *why; /* Redis does not answer, and this is what it said; NULL: it does */
	const char
	    *spoilt; /* a key of this guest cannot be read, and why; "": none, or no one guest's page */
};

enum { HOME_ROWS = 400 };

/* part: which HOME_ROWS of them; the sum is of all. */
void page_home(struct out *, const struct page *, const struct shown *const *, size_t n, unsigned part);
void page_guest(struct out *, const struct page *, const struct shown *);
/* For whom there is nothing: 403, 404 and the like, in words. */
void page_refused(struct out *, int status);
/* There are no numbers at all. */
void page_empty(struct out *, const struct page *);

/* --- inside ---------------------------------------------------------------------------------------------------- */

enum {
	DAY_TEXT = 40,
	WHOLE_TEXT = 32,
	OLD_S = 30, /* numbers that are older say so */
};

void page_begin(struct out *, const struct page *, const char *title);
void page_end(struct out *, const struct page *);
/* "24 November" */
const char *page_day(int64_t at, zone_of *, char out[DAY_TEXT]);
/* A number that stays with its unit on one line. */
const char *page_whole(const char *text, char out[WHOLE_TEXT]);
/* The bar, and how much of it is used. */
void page_bar(struct out *, const struct bill *);
/* What the quota is, and what happens when it is used up; also what is to be expected. */
void page_quota(struct out *, const struct page *, const struct bill *);
void page_charts(struct out *, const struct page *, const struct shown *);

extern const char page_style[], page_script[];
/* A part of the name of what goes with a page, which is another one for another text. */
unsigned page_tag(const char *text);
const char *page_policy(void); /* Content-Security-Policy */

#endif
