/* Interfaces that matter → a filter; see watch.h. A tree: at each fork the larger numbers lie behind a jump. */
#include "acct/watch.h"

enum { LEAF_MAX = 8 }; /* numbers compared one by one; a fork costs two instructions */

struct program {
	struct sock_filter *out;
	size_t n, room; /* n goes on beyond room */
	uint32_t keep;
};

static void
put(struct program *p, unsigned code, uint32_t k, size_t yes, size_t no)
{
	if (p->n < p->room)
		p->out[p->n] = (struct sock_filter){(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
	p->n++;
}

static void
verdicts(struct program *p)
{
	put(p, BPF_RET | BPF_K, 0, 0, 0);
	put(p, BPF_RET | BPF_K, p->keep, 0, 0);
}

static void
fork_put(struct program *p, const uint32_t *ids, size_t n)
{
	size_t half = n / 2, jump;

	if (n == 0) {
		put(p, BPF_RET | BPF_K, 0, 0, 0);
	} else if (ids[n - 1] - ids[0] == n - 1) {
		put(p, BPF_JMP | BPF_JGE | BPF_K, ids[0], 0, 1);
		put(p, BPF_JMP | BPF_JGT | BPF_K, ids[n - 1], 0, 1);
		verdicts(p);
	} else if (n <= LEAF_MAX) {
		for (size_t i = 0; i < n; i++)
			put(p, BPF_JMP | BPF_JEQ | BPF_K, ids[i], n - i, 0);
		verdicts(p);
	} else {
		put(p, BPF_JMP | BPF_JGE | BPF_K, ids[half], 0, 1);
		jump = p->n;
		put(p, BPF_JMP | BPF_JA, 0, 0, 0);
		fork_put(p, ids, half);
		if (jump < p->room)
			p->out[jump].k = (uint32_t)(p->n - jump - 1);
		fork_put(p, ids + half, n - half);
	}
}

size_t
watch_program(struct sock_filter *out, size_t room, const uint32_t *ifindexes, size_t n, uint32_t keep)
{
	struct program p = {.out = out, .room = room, .keep = keep};

	put(&p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX), 0, 0);
	fork_put(&p, ifindexes, n);
	return p.n <= room ? p.n : 0;
}
