/* What acct must not forget; see book.h. */
#include "acct/book.h"

#include <stdlib.h>

static bool
has_elsewhere(const struct account *a)
{
	return a->elsewhere.start == a->slots.period.start;
}

void
account_had(const struct account *a, uint64_t had[DIRECTIONS])
{
	for (int d = 0; d < DIRECTIONS; d++)
		had[d] = a->slots.period.sum.v[REC_BILLABLE + d] +
			 (has_elsewhere(a) ? a->elsewhere.billable[d] : 0);
}

uint64_t
account_used(const struct account *a)
{
	return a->slots.period.sum.v[REC_BILLED] + (has_elsewhere(a) ? a->elsewhere.billed : 0);
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool
account_elsewhere(struct account *a, const struct elsewhere *told)
{
	struct elsewhere fresh = *told, *had = &a->elsewhere;

	if (told->start == had->start) {
		for (int d = 0; d < DIRECTIONS; d++)
			fresh.billable[d] = larger(fresh.billable[d], had->billable[d]);
		fresh.billed = larger(fresh.billed, had->billed);
	}
	if (told->start < 0 || memcmp(&fresh, had, sizeof(fresh)) == 0)
		return false;
	*had = fresh;
	return true;
}

static size_t
place_of(const struct book *book, const char *name)
{
	size_t lo = 0, hi = book->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(book->list[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct account *
book_find(const struct book *book, const char *name)
{
	size_t at = place_of(book, name);

	return at < book->n && strcmp(book->list[at]->name, name) == 0 ? book->list[at] : NULL;
}

struct account *
book_add(struct book *book, const char *name)
{
	size_t at = place_of(book, name);
	struct account **list, *account;

	if (at < book->n && strcmp(book->list[at]->name, name) == 0)
		return book->list[at];
	if (book->n == BOOK_ACCOUNTS_MAX || strlen(name) > CONF_GUEST_NAME_MAX)
		return NULL;
	list = reallocarray(book->list, book->n + 1, sizeof(*list));
	if (!list)
		return NULL;
	book->list = list;
	account = calloc(1, sizeof(*account));
	if (!account)
		return NULL;
	strcpy(account->name, name);
	memmove(&list[at + 1], &list[at], (book->n - at) * sizeof(*list));
	list[at] = account;
	book->n++;
	return account;
}

void
book_free(struct book *book)
{
	for (size_t i = 0; i < book->n; i++)
		free(book->list[i]);
	free(book->list);
	free(book->left);
	*book = (struct book){0};
}

void
book_forget(struct book *book, const char *boot, uint32_t ifindex)
{
	size_t n = 0;

	for (size_t i = 0; i < book->n_left; i++)
		if (!life_is(&book->left[i], boot, ifindex))
			book->left[n++] = book->left[i];
	book->n_left = n;
}

void
book_boot(struct book *book, const char *boot)
{
	size_t n = 0;

	for (size_t i = 0; i < book->n_left; i++)
		if (strcmp(book->left[i].boot, boot) == 0)
			book->left[n++] = book->left[i];
	book->n_left = n;
}

int
book_leave(struct book *book, const struct life *life)
{
	struct life *left, copy = *life;
	bool full;

	if (copy.boot[0] == '\0')
		return 0;
	book_forget(book, copy.boot, copy.ifindex);
	full = book->n_left == BOOK_LEFT_MAX;
	if (full)
		book_forget(book, book->left[0].boot, book->left[0].ifindex);
	left = reallocarray(book->left, book->n_left + 1, sizeof(*left));
	if (!left)
		return -1;
	book->left = left;
	left[book->n_left++] = copy;
	return full;
}

bool
book_take(
    struct book *book, const char *boot, uint32_t ifindex, const struct kernel *now, struct kernel *done)
{
	const struct kernel zero = {0};
	bool found = false;

	*done = zero;
	for (size_t i = 0; i < book->n + book->n_left; i++) {
		struct life *life = i < book->n ? &book->list[i]->life : &book->left[i - book->n];

		if (!life_is(life, boot, ifindex))
			continue;
		if (!kernel_is_below(now, &life->done) && !kernel_is_below(&life->done, done)) {
			*done = life->done;
			found = true;
		}
		*life = (struct life){0};
	}
	book_forget(book, "", 0);
	return found;
}

int
book_rename(struct book *book, const char *host)
{
	if (strlen(host) > KEY_HOST_MAX)
		return -1;
	strcpy(book->host, host);
	for (size_t i = 0; i < book->n; i++) {
		struct account *a = book->list[i], fresh = {0};

		if (book_leave(book, &a->life) == -1)
			return -1;
		strcpy(fresh.name, a->name);
		*a = fresh;
	}
	return 0;
}
