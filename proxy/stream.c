/* Moving the bytes of one direction; see stream.h. */
#include "proxy/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool
again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

void
stream_drop(struct stream *st, struct flow *f)
{
	free(st->kept);
	st->kept = NULL;
	st->at = st->len = 0;
	if (st->pipe)
		pipe_give(st->pipe, st->in_pipe);
	st->pipe = NULL;
	st->in_pipe = 0;
	f->pending = false;
}

static void
dst_gone(struct stream *st, struct flow *f)
{
	stream_drop(st, f);
	f->broken = true;
}

static void
src_gone(struct flow *f, struct flow *other)
{
	f->eof = f->cut = true;
	other->broken = true;
}

void
stream_keep(struct stream *st, struct flow *f, char *bytes, size_t n)
{
	st->kept = bytes;
	st->at = 0;
	st->len = (uint32_t)n;
	f->pending = n > 0;
}

static void
flush_kept(struct stream *st, struct flow *f, int dst)
{
	ssize_t n = send(dst, st->kept + st->at, st->len, MSG_NOSIGNAL);

	if (n == -1) {
		if (!again())
			dst_gone(st, f);
		return;
	}
	st->bytes += (uint64_t)n;
	st->at += (uint32_t)n;
	st->len -= (uint32_t)n;
	if (st->len == 0)
		stream_drop(st, f);
}

static void
flush_pipe(struct stream *st, struct flow *f, int dst)
{
	ssize_t n = splice(st->pipe->out, NULL, dst, NULL, st->in_pipe, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n == -1) {
		if (!again())
			dst_gone(st, f);
		return;
	}
	st->bytes += (uint64_t)n;
	st->in_pipe -= (uint32_t)n;
	f->pending = st->in_pipe > 0;
}

void
stream_flush(struct stream *st, struct flow *f, int dst)
{
	if (st->in_pipe)
		flush_pipe(st, f, dst);
	else if (st->len)
		flush_kept(st, f, dst);
}

/* Send; what is not taken is kept. */
static void
send_copy(struct stream *st, struct flow *f, int dst, struct span bytes)
{
	ssize_t n = send(dst, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	char *rest;

	if (n == -1 && !again()) {
		dst_gone(st, f);
		return;
	}
	n = n == -1 ? 0 : n;
	st->bytes += (uint64_t)n;
	bytes = span_from(bytes, (size_t)n);
	if (bytes.len == 0)
		return;
	rest = malloc(bytes.len);
	if (!rest) {
		dst_gone(st, f);
		return;
	}
	memcpy(rest, bytes.ptr, bytes.len);
	stream_keep(st, f, rest, bytes.len);
}

/* How much may be read now; room: at most. */
static size_t
allowed(const struct stream_rule *rule, size_t room)
{
	return rule->limit && *rule->limit < room ? (size_t)*rule->limit : room;
}

/* What a read brought: false when that was nothing. */
static bool
came(ssize_t n, struct flow *f, struct flow *other, const struct stream_rule *rule)
{
	if (n == -1 && again())
		return false;
	f->eof = n <= 0;
	if (n == -1)
		src_gone(f, other);
	if (n > 0 && rule->limit)
		*rule->limit -= (uint64_t)n;
	return n > 0;
}

/* True: there may be more to read. */
static bool
copy_once(struct stream *st, struct flow *f, struct flow *other, int src, int dst,
    const struct stream_rule *rule, char *scratch)
{
	size_t room = allowed(rule, STREAM_COPY_BYTES);
	ssize_t n = recv(src, scratch, room, 0);
	ptrdiff_t pass;

	if (!came(n, f, other, rule))
		return false;
	pass = rule->filter ? rule->filter(rule->arg, span_of(scratch, (size_t)n)) : n;
	if (pass == -1)
		src_gone(f, other);
	else if (pass > 0)
		send_copy(st, f, dst, span_of(scratch, (size_t)pass));
	return (size_t)n == room;
}

static bool
splice_once(
    struct stream *st, struct flow *f, struct flow *other, int src, int dst, const struct stream_rule *rule)
{
	ssize_t n = splice(
	    src, NULL, st->pipe->in, NULL, allowed(rule, PIPE_BYTES), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (!came(n, f, other, rule))
		return false;
	st->in_pipe = (uint32_t)n;
	f->pending = true;
	flush_pipe(st, f, dst);
	return true;
}

void
stream_pump(struct stream *st, struct flow *f, struct flow *other, int src, int dst,
    const struct stream_rule *rule, char *scratch)
{
	for (int round = 0; round < STREAM_ROUNDS; round++) {
		bool more;

		if (f->pending)
			stream_flush(st, f, dst);
		if (f->pending || f->eof || f->broken || allowed(rule, 1) == 0)
			break;
		if (!rule->filter && !st->pipe && st->bytes >= STREAM_COPY_FIRST)
			st->pipe = pipe_take();
		/* A pipe may be left from before there was a filter. */
		more = st->pipe && !rule->filter ? splice_once(st, f, other, src, dst, rule)
						 : copy_once(st, f, other, src, dst, rule, scratch);
		if (!more)
			break;
	}
	if (st->pipe && !st->in_pipe) {
		pipe_give(st->pipe, 0);
		st->pipe = NULL;
	}
}
