/* What to type so that something runs; see next.h. */
#include "cli/next.h"

#include <stdio.h>

#define ENABLE "systemctl enable --now "

const char *
next_command(bool by_units)
{
	return by_units ? ENABLE "lodge.target" : "lodge up";
}

const char *
next_all(bool by_units)
{
	return by_units ? ENABLE "lodge.target" : "start lodge up";
}

const char *
next_guest_unit(const char *name, char out[NEXT_TEXT])
{
	snprintf(out, NEXT_TEXT, ENABLE "lodge-guest@%s", name);
	return out;
}

const char *
next_guest(bool by_units, const char *name, char out[NEXT_TEXT])
{
	if (by_units)
		return next_guest_unit(name, out);
	snprintf(out, NEXT_TEXT, "start lodge up, or lodge-guest %s", name);
	return out;
}
