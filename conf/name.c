/* Names with a grammar: guests, interfaces, accounts, paths, domains, SSH keys; see parse.h. */
#include "conf/parse.h"

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

/* Letters, digits and the given others. */
static bool
all_of(struct span s, const char *others)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || !strchr(others, s.ptr[i])))
			return false;
	}
	return true;
}

const char *
name_guest(struct span s)
{
	static const char why[] = "is no name of a guest; a to z, 0 to 9 and -, a letter first, 32 at most";

	if (s.len == 0 || s.len > CONF_GUEST_NAME_MAX || !is_lower(s.ptr[0]))
		return why;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_lower(s.ptr[i]) && !is_digit(s.ptr[i]) && s.ptr[i] != '-')
			return why;
	}
	return NULL;
}

const char *
name_interface(struct span s)
{
	if (s.len == 0 || s.len >= CONF_IFNAME || !all_of(s, "._-") || s.ptr[0] == '.' || s.ptr[0] == '-')
		return "is no name of an interface; letters, digits and . _ -, 15 at most";
	if (span_is(s, "all") || span_is(s, "default"))
		return "is no name of an interface, but of the settings of all of them";
	return span_is(s, "lo") ? "is the loopback interface" : NULL;
}

const char *
name_user(struct span s)
{
	if (s.len == 0 || s.len > 32 || !all_of(s, "._-") || is_digit(s.ptr[0]) || s.ptr[0] == '-')
		return "is no name of an account";
	return span_is(s, "root") ? "would leave the programs all privilege; name another account" : NULL;
}

const char *
name_host(struct span s)
{
	if (s.len == 0 || s.len > CONF_DOMAIN_MAX || !all_of(s, "._-") || s.ptr[0] == '.' || s.ptr[0] == '-')
		return "is no name of a host; letters, digits and . _ -";
	return NULL;
}

const char *
name_path(struct span s)
{
	if (s.len == 0 || s.ptr[0] != '/')
		return "is not a whole path; begin it with /";
	if (s.len > 1000)
		return "is too long for a path";
	for (struct span rest = s; rest.len > 0;) {
		struct span part = span_from(rest, 1);

		part = span_first(part, span_find(part, '/'));
		if (part.len == 0 || span_is(part, ".") || span_is(part, ".."))
			return "has an empty, . or .. part; write the path without it";
		rest = span_from(rest, part.len + 1);
	}
	return NULL;
}

static const char *
labels_fault(struct span s)
{
	bool numeric = true;

	for (struct span rest = s;;) {
		struct span label = span_first(rest, span_find(rest, '.'));

		if (label.len == 0)
			return "has an empty label";
		if (label.len > 63)
			return "has a label of more than 63 bytes";
		if (!all_of(label, "-_"))
			return "has a character that no domain has; letters, digits, - and _";
		numeric = true;
		for (size_t i = 0; i < label.len; i++)
			numeric = numeric && is_digit(label.ptr[i]);
		if (label.len == rest.len)
			break;
		rest = span_from(rest, label.len + 1);
	}
	return numeric ? "is no domain but an address" : NULL;
}

const char *
name_domain(struct span s, enum domain_kind *kind, char out[CONF_DOMAIN_MAX + 1])
{
	enum domain_kind found = DOMAIN_EXACT;
	const char *why;

	if (s.len >= 2 && memcmp(s.ptr, "*.", 2) == 0) {
		found = DOMAIN_BELOW;
		s = span_from(s, 2);
	} else if (s.len >= 1 && s.ptr[0] == '.') {
		found = DOMAIN_SUFFIX;
		s = span_from(s, 1);
	}
	if (s.len > 1 && s.ptr[s.len - 1] == '.')
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.ptr[i] >= 0x80)
			return "is not written as it travels; use its xn-- form (idn2 prints it)";
	}
	if (s.len > CONF_DOMAIN_MAX)
		return "is longer than 253 bytes";
	if (memchr(s.ptr, '*', s.len))
		return "has a * that is not \"*.\" in front; one * stands for all names below";
	why = labels_fault(s);
	if (why)
		return why;
	for (size_t i = 0; i < s.len; i++)
		out[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] | 0x20) : s.ptr[i];
	out[s.len] = '\0';
	*kind = found;
	return NULL;
}

/* Parts that begin with a letter, so neither ".." nor an absolute path. */
const char *
name_zone(struct span s)
{
	if (s.len > CONF_ZONE_MAX)
		return "is longer than 64 bytes";
	for (size_t i = 0; i < s.len; i++) {
		bool first = i == 0 || s.ptr[i - 1] == '/',
		     letter = (s.ptr[i] | 0x20) >= 'a' && (s.ptr[i] | 0x20) <= 'z';

		if (first ? !letter : !letter && !is_digit(s.ptr[i]) && !strchr("/_+-", s.ptr[i]))
			return "is no name of a time zone; write one like Europe/Berlin";
	}
	return s.len > 0 && s.ptr[s.len - 1] != '/'
		   ? NULL
		   : "is no name of a time zone; write one like Europe/Berlin";
}

const char *
name_ssh_key(struct span s)
{
	static const char *const kinds[] = {"ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-nistp256 ",
	    "ecdsa-sha2-nistp384 ", "ecdsa-sha2-nistp521 ", "sk-ssh-ed25519@openssh.com ",
	    "sk-ecdsa-sha2-nistp256@openssh.com "};

	if (s.len >= 5 && memcmp(s.ptr, "-----", 5) == 0)
		return "looks like a private key; here belongs the line of the file that ends in .pub";
	if (s.len > 16384)
		return "is too long for a public key";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = strlen(kinds[i]);
		struct span key;

		if (s.len <= n || memcmp(s.ptr, kinds[i], n) != 0)
			continue;
		key = span_from(s, n);
		key = span_first(key, span_find(key, ' '));
		if (key.len >= 16 && all_of(key, "+/="))
			return NULL;
	}
	return "is no public SSH key; it is one line like \"ssh-ed25519 AAAA… name\"";
}
