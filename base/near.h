/* «Did you mean»: the word of a list that is nearest to a mistyped one. A core. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/span.h"

/*
 * The nearest of words (by letters inserted, dropped, changed or swapped), or NULL when none is near enough to be
 * meant: more than one such step in a word of up to three letters, two below eight, three above.
 */
const char *near_word(struct span word, const char *const *words, size_t n);

#endif
