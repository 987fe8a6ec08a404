/* Whether colours are wanted; see colour.h. */
#include "base/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
colour_wanted(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) == 1 && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}
