/* Is this a name that may be routed? See name.h. */
#include "base/name.h"

#include <stdint.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The byte in lower case, or 0 where a name cannot have it. */
static char
name_byte(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' ? c : 0;
}

/* "7", "0x7f": what resolvers take for the end of an IPv4 address. */
static bool
is_number(struct span label)
{
	size_t i = 0;

	if (label.len >= 2 && label.ptr[0] == '0' && label.ptr[1] == 'x') {
		for (i = 2; i < label.len; i++)
			if (!is_digit(label.ptr[i]) && (label.ptr[i] < 'a' || label.ptr[i] > 'f'))
				return false;
		return true;
	}
	for (i = 0; i < label.len; i++)
		if (!is_digit(label.ptr[i]))
			return false;
	return true;
}

/* The byte that no name has. */
static const char *
byte_fault(char c)
{
	if ((unsigned char)c >= 0x80)
		return "it has a letter beyond a to z; such names are spelt in their xn-- form";
	return "it has a byte other than letters, digits, -, _ and dots between them";
}

static const char *
judge(struct span text, char *out)
{
	size_t n = text.len, label = 0;

	if (n > 0 && text.ptr[n - 1] == '.')
		n--;
	if (n == 0)
		return "it is empty";
	if (n > NAME_MAX_BYTES)
		return "it is longer than 253 bytes";
	for (size_t i = 0; i < n; i++) {
		char c = text.ptr[i] == '.' ? '.' : name_byte(text.ptr[i]);

		if (c == 0)
			return byte_fault(text.ptr[i]);
		if (c == '.' && i == label)
			return "a part between its dots is empty";
		if (c != '.' && i - label == NAME_LABEL_MAX)
			return "a part between its dots is longer than 63 bytes";
		if (c == '.')
			label = i + 1;
		out[i] = c;
	}
	if (label == n)
		return "a part between its dots is empty";
	if (is_number(span_of(out + label, n - label)))
		return "its last part is a number, as of an address";
	out[n] = '\0';
	return NULL;
}

static const char *
refuse(const char *why, char *out)
{
	if (why)
		out[0] = '\0';
	return why;
}

int
name_judge(struct span text, char *out)
{
	return refuse(judge(text, out), out) ? -1 : 0;
}

const char *
name_fault(struct span text, char *out)
{
	size_t colon = span_find(text, ':');
	uint32_t port = 0;

	for (size_t i = colon + 1; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return refuse("what follows its colon is no port", out);
		port = port * 10 + (uint32_t)(text.ptr[i] - '0');
		if (port > UINT16_MAX)
			return refuse("what follows its colon is no port", out);
	}
	return refuse(judge(span_first(text, colon), out), out);
}

int
name_judge_host(struct span text, char *out)
{
	return name_fault(text, out) ? -1 : 0;
}
