/* Characters of UTF-8; see utf8.h. */
#include "base/utf8.h"

size_t
utf8_next(struct span s, uint32_t *character)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = s.len ? (unsigned char)s.ptr[0] : 0xff;
	size_t n = first < 0x80	  ? 1
		   : first < 0xc0 ? 0
		   : first < 0xe0 ? 2
		   : first < 0xf0 ? 3
		   : first < 0xf8 ? 4
				  : 0;
	uint32_t c = n == 1 ? first : first & (0x7fu >> n);

	if (n == 0 || n > s.len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s.ptr[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return n;
}

size_t
utf8_step(struct span s, uint32_t *c)
{
	size_t n = utf8_next(s, c);

	if (n > 0)
		return n;
	*c = 0xfffd;
	return 1;
}

int
utf8_width(uint32_t c)
{
	static const struct {
		uint32_t lo, hi;
		int width;
	} ranges[] = {{0x300, 0x36f, 0}, {0x483, 0x489, 0}, {0x591, 0x5bd, 0}, {0x5bf, 0x5bf, 0},
	    {0x5c1, 0x5c2, 0}, {0x5c4, 0x5c7, 0}, {0x610, 0x61a, 0}, {0x64b, 0x65f, 0}, {0x670, 0x670, 0},
	    {0x93a, 0x93a, 0}, {0x93c, 0x93c, 0}, {0x941, 0x948, 0}, {0x94d, 0x94d, 0}, {0xe31, 0xe31, 0},
	    {0xe34, 0xe3a, 0}, {0xe47, 0xe4e, 0}, {0x1100, 0x115f, 2}, {0x1160, 0x11ff, 0},
	    {0x1ab0, 0x1aff, 0}, {0x1dc0, 0x1dff, 0}, {0x200b, 0x200f, 0}, {0x20d0, 0x20ff, 0},
	    {0x2e80, 0x303e, 2}, {0x3041, 0xa4cf, 2}, {0xa960, 0xa97c, 2}, {0xac00, 0xd7a3, 2},
	    {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0}, {0xfe20, 0xfe2f, 0}, {0xfe30, 0xfe6f, 2},
	    {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2},
	    {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (c >= ranges[i].lo && c <= ranges[i].hi)
			return ranges[i].width;
	}
	return 1;
}

size_t
utf8_columns(struct span s)
{
	size_t columns = 0;
	uint32_t c;

	for (size_t n; s.len > 0; s = span_from(s, n)) {
		n = utf8_step(s, &c);
		columns += (size_t)utf8_width(c);
	}
	return columns;
}
