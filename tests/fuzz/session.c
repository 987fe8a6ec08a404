/*
 * A connection under any order of events. Each byte of the input is something that its sockets, its timer or the
 * program do, as far as the connection waits for it. Laws: it ends, and only once; nothing is read for which there
 * is no room; it never waits for nothing; what one side is told happened; the next request is looked at only when
 * the answer before it is over and gone out.
 */
#include "proxy/session.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int good)
{
	if (!good)
		abort();
}

/* What a read of a source may bring; the other flow breaks with a source that is cut off. */
static void
pump(struct flow *f, struct flow *other, unsigned how)
{
	check(!f->eof && !f->pending);
	if (f->broken)
		return;
	f->pending = how & 1;
	f->eof = (how & 6) != 0;
	f->cut = (how & 6) == 6;
	if (f->cut)
		other->broken = true, other->pending = false;
}

static void
flush(struct flow *f, unsigned how)
{
	check(f->pending);
	f->pending = how == 0;
	f->broken |= how == 3;
}

/* As the shell does: follow what is settled until nothing is, or the connection has moved on. */
static enum session_event
settle(struct session *s)
{
	for (int i = 0; i < 4; i++) {
		switch (session_settle(s)) {
		case SETTLED:
			return SESSION_EVENTS;
		case SETTLE_SHUT_GUEST:
			check(!s->to_guest.shut && !s->to_guest.pending && s->to_guest.eof);
			s->to_guest.shut = true;
			break;
		case SETTLE_SHUT_CLIENT:
			check(!s->from_guest.shut && !s->from_guest.pending && s->from_guest.eof);
			s->from_guest.shut = true;
			break;
		case SETTLE_NEXT:
			check(s->keep && s->answer == ANSWER_OVER && s->gate != GATE_BODY);
			check(!s->to_guest.pending && !s->from_guest.pending && !s->from_guest.eof);
			return ON_NEXT;
		case SETTLE_ANSWERED:
			check(s->gate != GATE_OPEN && !s->from_guest.pending);
			return ON_ANSWERED;
		case SETTLE_END:
			check(!s->to_guest.pending && !s->from_guest.pending);
			return ON_END;
		case SETTLE_BREAK:
			return ON_BREAK;
		}
	}
	abort();
}

static enum session_event
relay(struct session *s, unsigned byte)
{
	struct session_watch w = session_watch(s);

	check(w.client_read || w.client_write || w.guest_read || w.guest_write);
	switch (byte & 3) {
	case 0:
		if (w.client_read)
			pump(&s->to_guest, &s->from_guest, byte >> 2);
		break;
	case 1:
		if (w.guest_read)
			pump(&s->from_guest, &s->to_guest, byte >> 2);
		break;
	case 2:
		if (w.guest_write)
			flush(&s->to_guest, byte >> 2 & 3);
		break;
	default:
		if (w.client_write)
			flush(&s->from_guest, byte >> 2 & 3);
	}
	/* A request and its answer go on as they may, or become a tunnel. */
	if ((byte & 0xc0) == 0x80 && s->gate != GATE_OPEN)
		s->gate = s->gate == GATE_BODY ? GATE_SHUT : GATE_HELD;
	else if ((byte & 0xc0) == 0xc0 && s->answer == ANSWER_DUE)
		s->answer = byte & 0x20 ? ANSWER_OVER : ANSWER_OPEN;
	else if ((byte & 0xc0) == 0x40 && s->answer == ANSWER_DUE && byte & 0x10)
		s->gate = GATE_OPEN, s->answer = ANSWER_OPEN;
	s->keep = s->keep && byte % 5 && !(s->gate == GATE_BODY && s->to_guest.eof);
	return settle(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct session s = {0};
	int ends = 0;

	for (size_t i = 1; i <= n + SESSION_STATES; i++) {
		/* Timeouts alone end every connection in so many steps. */
		unsigned byte = i < n ? bytes[i] : ON_TIMEOUT;
		enum session_event event = (enum session_event)(byte % SESSION_EVENTS);
		struct session_step step;

		if (i < n && s.state == SESSION_RELAY && byte < 0xf0)
			event = relay(&s, byte);
		if (event == SESSION_EVENTS)
			continue;
		step = session_step((enum session_state)s.state, event);
		check(step.next >= s.state || event == ON_NEXT);
		if (step.act == ACT_RELAY && n && bytes[0] & 1)
			s.gate = GATE_BODY, s.answer = ANSWER_DUE, s.keep = bytes[0] & 2;
		s.state = step.next;
		ends += step.act == ACT_CLOSE || step.act == ACT_RESET;
	}
	check(ends == 1 && s.state == SESSION_CLOSED);
	return 0;
}
