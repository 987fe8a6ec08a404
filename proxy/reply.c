/* The head of an HTTP/1 response; see reply.h. */
#include "proxy/reply.h"
#include "proxy/field.h"

enum { STATUS_LINE_LEAST = 12 }; /* "HTTP/1.1 200" */

/* What the fields said, gathered while walking them. */
struct fields {
	struct span length, coding;
	unsigned n_length, n_coding;
	bool close_option, keep_alive_option;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* As far as it is there: RFC 9112 4. */
static bool
may_be_status_line(struct span in)
{
	static const char shape[] = "HTTP/1.d ddd";

	for (size_t i = 0; i < in.len && i < STATUS_LINE_LEAST; i++)
		if (shape[i] == 'd' ? !is_digit(in.ptr[i]) : in.ptr[i] != shape[i])
			return false;
	return in.len <= STATUS_LINE_LEAST || in.ptr[STATUS_LINE_LEAST] == ' ' ||
	       in.ptr[STATUS_LINE_LEAST] == '\r';
}

static bool
read_fields(struct span lines, struct fields *f)
{
	for (;;) {
		struct span line = field_line(&lines), name, value;

		if (line.len == 0)
			return true;
		if (field_split(line, &name, &value))
			return false;
		if (span_is_nocase(name, "content-length")) {
			f->length = value;
			f->n_length++;
		} else if (span_is_nocase(name, "transfer-encoding")) {
			f->coding = value;
			f->n_coding++;
		} else if (span_is_nocase(name, "connection")) {
			f->close_option |= field_has(value, "close");
			f->keep_alive_option |= field_has(value, "keep-alive");
		}
	}
}

/* RFC 9112 6.3. False: two readers could differ. */
static bool
read_framing(const struct fields *f, bool http10, bool to_head, struct reply *r)
{
	if (f->n_length + f->n_coding > 1 || (f->n_coding && http10))
		return false;
	if (f->n_length && !field_length(f->length, &r->body_bytes))
		return false;
	if (to_head || r->status < 200 || r->status == 204 || r->status == 304)
		r->framing = BODY_NONE;
	else if (f->n_coding)
		r->framing = field_ends_chunked(f->coding) ? BODY_CHUNKED : BODY_UNTIL_END;
	else
		r->framing = f->n_length ? BODY_LENGTH : BODY_UNTIL_END;
	return true;
}

enum reply_verdict
reply_sniff(struct span in, bool to_head, struct reply *r)
{
	struct span lines;
	struct fields f = {0};
	bool http10;

	if (!may_be_status_line(in) || field_scan(in, REPLY_HEAD_MAX, &r->seen, &r->length))
		return REPLY_OPAQUE;
	if (!r->length)
		return in.len < REPLY_HEAD_MAX ? REPLY_MORE : REPLY_OPAQUE;
	lines = span_first(in, r->length);
	field_line(&lines);
	http10 = in.ptr[7] == '0';
	r->status = (uint16_t)((in.ptr[9] - '0') * 100 + (in.ptr[10] - '0') * 10 + in.ptr[11] - '0');
	if (r->status < 100 || !read_fields(lines, &f) || !read_framing(&f, http10, to_head, r))
		return REPLY_OPAQUE;
	r->keep = !f.close_option && (!http10 || f.keep_alive_option) && r->framing != BODY_UNTIL_END;
	return REPLY_HEAD;
}
