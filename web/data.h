/*
 * What Redis holds, as the pages show it: read when it is asked for and the last reading is older than two seconds, or
 * than twenty times what it took, so that no more than a twentieth of the time goes into reading. While Redis does not
 * answer, the last reading stays, and it is asked again only now and then.
 */
#ifndef WEB_DATA_H
#define WEB_DATA_H

#include "web/page.h"

struct data;

struct data *data_open(const struct conf *); /* NULL: no memory */
void data_close(struct data *);
/* Another conf; the old one may go afterwards. Numbers that are known stay known. */
void data_reload(struct data *, const struct conf *);

/* Is there a guest of that name, or a tap (whose guest's name then goes into name)? */
bool data_knows(struct data *, char name[CONF_GUEST_NAME_MAX + 1], bool tap);
/* The same for who may see that guest alone: of others the file is asked and nobody else. */
bool data_knows_own(struct data *, const char *own, char name[CONF_GUEST_NAME_MAX + 1], bool tap);
/* The page's part: when that was read which was given last, and how Redis is. now and viewer are the caller's. */
void data_page(struct data *, struct page *);

/* One guest with all its rows; NULL: nothing was ever read. Good until the next call. */
const struct shown *data_guest(struct data *, const char *name);
/* All of them, by name, without rows; of a guest that is gone only if it moved something in this period. */
size_t data_all(struct data *, const struct shown *const **out);
/* Its totals now, for rates. false: not known. */
bool data_total(struct data *, const char *name, struct record *out);

/* Asks Redis who there is, so that data_why is of now. */
void data_look(struct data *);
/* The connection, for readings that are not kept. NULL: it does not answer. */
struct ledger *data_ledger(struct data *);
const char *data_why(const struct data *); /* NULL: it answers */
void data_told(struct data *, bool good); /* how such a reading went */

struct data_counts {
	uint64_t reads, failed;
	double spent_s;
};
const struct data_counts *data_counts(const struct data *);

#endif
