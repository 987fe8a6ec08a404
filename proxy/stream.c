/* Moving the bytes of one direction; see stream.h. */
#include "proxy/stream.h"

#include <errno.h>
#include <stdlib.h>

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
flush_kept(struct stream *st, struct flow *f, struct end *dst)
{
	ssize_t n = end_send(dst, st->kept + st->at, st->len);

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
flush_pipe(struct stream *st, struct flow *f, struct end *dst)
{
	ssize_t n = end_splice_out(dst, st->pipe->out, st->in_pipe); /* NOLINT: what is in a pipe has one */

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
stream_flush(struct stream *st, struct flow *f, struct end *dst)
{
	if (st->in_pipe)
		flush_pipe(st, f, dst);
	else if (st->len)
		flush_kept(st, f, dst);
}

void
stream_send(struct stream *st, struct flow *f, struct end *dst, struct span bytes)
{
	ssize_t n = end_send(dst, bytes.ptr, bytes.len);
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

/* What a read brought: false when that was nothing. */
static bool
came(ssize_t n, struct flow *f, struct flow *other)
{
	if (n == -1 && again())
		return false;
	f->eof = n <= 0;
	if (n == -1)
		src_gone(f, other);
	return n > 0;
}

struct span
stream_read(struct flow *f, struct flow *other, struct end *src, char *scratch, size_t room)
{
	ssize_t n = end_read(src, scratch, room);

	if (!came(n, f, other))
		return span_of(scratch, 0);
	f->eof = end_is_over(src, (size_t)n, room);
	return span_of(scratch, (size_t)n);
}

/* How many bytes came, and were sent on or kept. */
static size_t
copy_once(struct stream *st, struct flow *f, struct flow *other, struct end *src, struct end *dst,
    size_t room, char *scratch)
{
	struct span fresh = stream_read(f, other, src, scratch, room);

	if (fresh.len)
		stream_send(st, f, dst, fresh);
	return fresh.len;
}

static size_t
splice_once(struct stream *st, struct flow *f, struct flow *other, struct end *src, struct end *dst,
    size_t room, char *scratch)
{
	ssize_t n = end_splice_in(src, st->pipe->in, room);

	/* Nothing may also mean that it could not splice what lies before the end; only a read knows. */
	if (n == 0)
		return copy_once(
		    st, f, other, src, dst, room < STREAM_COPY_BYTES ? room : STREAM_COPY_BYTES, scratch);
	if (!came(n, f, other))
		return 0;
	st->in_pipe = (uint32_t)n;
	f->pending = true;
	flush_pipe(st, f, dst);
	return (size_t)n;
}

/* How much may be read now; room: at most. */
static size_t
allowed(const uint64_t *limit, size_t room)
{
	return limit && *limit < room ? (size_t)*limit : room;
}

static void
give_back(struct stream *st)
{
	pipe_give(st->pipe, 0);
	st->pipe = NULL;
}

void
stream_pump(struct stream *st, struct flow *f, struct flow *other, struct end *src, struct end *dst,
    uint64_t *limit, char *scratch)
{
	for (int round = 0; round < STREAM_ROUNDS; round++) {
		size_t room, n;

		if (f->pending && dst->writable)
			stream_flush(st, f, dst);
		if (f->pending || f->eof || f->broken || !src->readable)
			break;
		if (!st->pipe && st->bytes >= STREAM_COPY_FIRST && !src->urgent)
			st->pipe = pipe_take();
		if (st->pipe && src->urgent)
			give_back(st);
		room = allowed(limit, st->pipe ? st->pipe->room : STREAM_COPY_BYTES);
		if (room == 0)
			break;
		n = st->pipe ? splice_once(st, f, other, src, dst, room, scratch)
			     : copy_once(st, f, other, src, dst, room, scratch);
		if (limit)
			*limit -= n;
		if (n == 0)
			break;
	}
	if (st->pipe && !st->in_pipe)
		give_back(st);
}
