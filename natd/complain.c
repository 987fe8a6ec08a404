/* Complaints, once for each cause; see complain.h. */
#include "natd/complain.h"
#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct {
	char text[COMPLAINT_TEXT];
	bool now; /* said in this round */
} list[COMPLAINTS_MAX];
static size_t n_list, n_beyond, n_beyond_told;

bool
complain(complain_line *line, const char *format, ...)
{
	char text[COMPLAINT_TEXT];
	size_t i = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	while (i < n_list && strcmp(list[i].text, text) != 0)
		i++;
	if (i == COMPLAINTS_MAX) {
		n_beyond++;
		return false;
	}
	list[i].now = true;
	if (i < n_list)
		return false;
	memcpy(list[i].text, text, sizeof(text));
	n_list++;
	line("%s", text);
	return true;
}

void
complain_begin(void)
{
	for (size_t i = 0; i < n_list; i++)
		list[i].now = false;
	n_beyond = 0;
}

void
complain_end(bool whole)
{
	size_t kept = 0;

	if (n_beyond > n_beyond_told)
		log_error("and %zu more like it", n_beyond);
	if (n_beyond > n_beyond_told || whole)
		n_beyond_told = n_beyond;
	for (size_t i = 0; whole && i < n_list; i++) {
		if (list[i].now)
			list[kept++] = list[i];
		else
			log_info("over: %s", list[i].text);
	}
	if (whole)
		n_list = kept;
}

void
complain_anew(void)
{
	n_list = n_beyond_told = 0;
}
