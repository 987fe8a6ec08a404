/* What only the whole file can tell: conflicts, with both places. */
#include "conf/parse.h"

void
check_all(struct parse *p)
{
	if (!p->fallback)
		return;
	p->conf->proxy.fallback = conf_guest(p->conf, p->fallback);
	if (!p->conf->proxy.fallback)
		error_add(p->report, p->fallback_place, "default: no guest is called \"%s\"", p->fallback);
}
