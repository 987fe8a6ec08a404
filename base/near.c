/* «Did you mean»: the word of a list that is nearest to a mistyped one; see near.h. */
#include "base/near.h"

#include <ctype.h>
#include <stdint.h>

enum { WORD_MAX = 40, FAR = 255 };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau's distance in three rows; FAR for words longer than anybody mistypes. */
static unsigned
distance(struct span a, struct span b)
{
	uint8_t rows[3][WORD_MAX + 1];

	if (a.len > WORD_MAX || b.len > WORD_MAX)
		return FAR;
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= a.len; i++) {
		uint8_t *now = rows[i % 3], *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];

		now[0] = (uint8_t)i;
		for (size_t j = 1; j <= b.len; j++) {
			int x = tolower((unsigned char)a.ptr[i - 1]),
			    y = tolower((unsigned char)b.ptr[j - 1]);
			unsigned d = least(last[j - 1] + (x != y), least(last[j], now[j - 1]) + 1u);

			if (i > 1 && j > 1 && tolower((unsigned char)a.ptr[i - 2]) == y &&
			    x == tolower((unsigned char)b.ptr[j - 2]))
				d = least(d, before[j - 2] + 1u);
			now[j] = (uint8_t)d;
		}
	}
	return rows[a.len % 3][b.len];
}

const char *
near_word(struct span word, const char *const *words, size_t n)
{
	const char *nearest = NULL;
	unsigned best = word.len <= 3 ? 2 : word.len < 8 ? 3 : 4;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(word, span_str(words[i]));

		if (d < best) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
