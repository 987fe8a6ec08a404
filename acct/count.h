/*
 * The counting: interfaces and frames in, the book and Redis out. Once a second it reads the kernel's counters,
 * explains them by the frames seen, writes the journal, then tells Redis what the journal holds.
 */
#ifndef ACCT_COUNT_H
#define ACCT_COUNT_H

#include "acct/journal.h"
#include "acct/link.h"
#include "acct/order.h"
#include "acct/proof.h"
#include "acct/tap.h"
#include "ledger/write.h"

#include <jansson.h>
#include <limits.h>

enum { ASK_ALWAYS = INT_MAX };

/* What lodge-natd was told of a guest last. */
struct line_curb {
	bool sure; /* it took it, not too long ago */
	bool lifted; /* and it was lifted by hand */
	enum quota_then then;
	uint64_t bit_s;
	char text[CURB_TEXT]; /* "": nothing yet */
};

/* The orders to it. */
struct curbing {
	struct order *order;
	struct curb want; /* the one under way */
	size_t turn; /* whose is next */
	double retry_s, retry_at; /* at: as ticks */
	uint64_t done, failed;
	unsigned ticks;
	char error[128]; /* "": the last one was taken */
};

/* One account and the tap that moves it now. */
struct line {
	/* What every packet asks for lies together. */
	uint32_t ifindex, mtu; /* 0: the tap is not there */
	struct proof proof;
	struct tally tally;
	struct doors doors;
	struct kernel now; /* of the last dump */
	struct account *account;
	const struct guest *guest; /* NULL: no longer in the file; only told to Redis */
	uint32_t cuts; /* as link_row has it */
	unsigned purge; /* polls until what waited for the tap's last reader is given up; 0: nothing */
	uint32_t ended; /* the interface that went last: a dump may still list it */
	unsigned missed; /* dumps since it was last in one */
	uint64_t acked; /* sequence that Redis is known to hold … */
	bool sure; /* … and nothing speaks against it since all was told */
	uint64_t moved[RECORD_FIELDS]; /* under which sequence each field of totals and period moved last … */
	uint64_t turned; /* … and the period became one of which that says nothing */
	bool in_flight;
	bool meta_due; /* what hangs on the guest is to be told */
	unsigned asking; /* not 0: unknown to the journal; Redis is asked first, for so many seconds */
	bool nonsense; /* what Redis answered was no count: told once */
	uint64_t surplus; /* of taps that went */
	struct line_curb curb;
};

/* What should not happen, counted. */
struct count_trouble {
	uint64_t fell; /* counters of a living tap went back: it was begun anew */
	uint64_t forgot; /* Redis held less than it had acknowledged, and was told again */
	uint64_t behind; /* Redis held more than the journal */
	uint64_t taken; /* accounts that the journal had lost and Redis knew */
	uint64_t full; /* guests that found no room in the book */
	uint64_t left; /* BOOK_LEFT_MAX was reached */
	uint64_t addresses; /* LINK_ADDRESSES_MAX was reached */
	uint64_t ends_missed; /* interfaces that went without a word: their last second is lost */
	uint64_t strays; /* packets of interfaces that are no longer ours */
	uint64_t
	    unseen; /* packets that the kernel counted and neither the capture nor its drops had: should stay 0 */
	uint64_t sums; /* times the bytes were not the sum of their classes: should stay 0 */
};

struct living {
	uint32_t ifindex;
	struct line *line;
};

struct count {
	struct ev_loop *loop;
	const struct conf *conf;
	char boot[LIFE_BOOT_TEXT];
	struct book book;
	struct journal *journal;
	bool journal_good; /* at the start there was one */
	struct link *link;
	struct tap *tap;
	struct writer *writer;
	ev_timer tick;
	struct line *lines; /* sorted by name, as the book is */
	size_t n_lines;
	struct line **by_tap; /* lines with a guest, sorted by tap */
	size_t n_by_tap;
	struct living *living; /* lines with a tap: each lies at its ifindex modulo the room, or behind */
	size_t living_room; /* a power of two, never full */
	struct world world;
	struct ip addresses[LINK_ADDRESSES_MAX];
	bool taps_changed, addresses_changed;
	bool dirty_totals, dirty_closed;
	bool redis_trouble; /* it was told in the log */
	unsigned again; /* whose turn it is to be told again */
	struct count_trouble trouble;
	struct curbing curbing;
	uint64_t reopened; /* as tap_status had it */
};

/* Which kernel and network namespace this is, for life.boot. -1: errno. */
int count_boot(char out[LIFE_BOOT_TEXT]);

/* Begins; loop, conf, boot, book, journal, link and tap are in place. -1: no memory. */
int count_start(struct count *);
/* From here on by another file; the one before may be freed after. -1: no memory, nothing changed. */
int count_reload(struct count *, const struct conf *before, const struct conf *);
/* The last numbers into journal and Redis; waits at most about two seconds for the answer. */
void count_stop(struct count *);

/* line.c: what interfaces and the capture say. */
extern const struct link_calls count_link_calls;
void count_packet(void *count, struct span cooked, uint64_t length);
/* What moved, perhaps nothing, goes into the account; the clock is read here and nowhere else. */
void line_post(struct count *, struct line *, struct record *delta);
void line_poll(struct count *, struct line *, const struct kernel *now, bool last_one);
/* The interface that the line is on no more lives on, unless it ended last, and may be somebody's again. */
void life_leave(struct count *, const struct line *, const struct life *);
/* Redis has answered or is not waited for any more: the line is counted from here on. */
void line_stop_asking(struct count *, struct line *);
void line_end(struct count *, struct line *, const struct kernel *last);

/* lines.c: which line is whose. NULL: nobody's. */
struct line *line_of_tap(struct count *, const char *tap);
struct line *line_of_ifindex(struct count *, uint32_t ifindex); /* as of the last lines_watch */
struct line *line_of_account(struct count *, const struct account *);
/* The first day of its billing period; of one who is no longer in the file, the host's. */
uint8_t line_day(const struct count *, const struct line *);
/* After taps_changed: the capture looks at those that there are. */
void lines_watch(struct count *);
/* After addresses_changed, which stays where they cannot be read. */
void addresses_read(struct count *);
/* One line for each account, those of the file and those that were in it, for lines_take. -1: no memory. */
int lines_make(struct count *, const struct conf *, struct line **lines);
/* They take over from the lines that are; the file holds from here on. -1: no memory, nothing changed. */
int lines_take(struct count *, const struct conf *, struct line *lines);

/* tell.c: what Redis is told. */
extern const struct write_calls count_write_calls;
void tell_all(struct count *);
void tell_again(struct count *); /* once a second: some of the quiet ones, too */
void tell_meta(struct count *);

/* recall.c: what Redis knew before. */
void line_ask(struct count *, struct line *);
void line_on_held(void *count, void *account, const struct held *);
/* A second less for Redis to say what the journal does not know. */
void recall_wait(struct count *);

/* know.c: what the clock came back to. False: nothing is unknown. */
bool line_ask_unknown(struct count *, struct line *);
void line_know(struct count *, struct line *, const struct held *);

/* curb.c: what a quota leads to. */
void line_warn(struct count *, struct line *);
void curb_tick(struct count *); /* once a second */
void curb_next(struct count *);
order_done curb_done;

/* status.c */
json_t *status_answer(void *count, const char *word);
/* "wire wan both day 1" */
const char *billing_text(const struct billing *, uint8_t day, char *out, size_t room);

#endif
