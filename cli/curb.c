/* `lodge guest throttle NAME RATE`, `cut NAME`, `lift NAME`: one guest's traffic, through lodge-natd. */
#include "base/ctl.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/next.h"
#include "conf/curb.h"

#include <errno.h>

enum { ANSWER_MS = 5000 };

int
curb_guest(const struct conf *conf, const char *word, const char *name, const char *rate)
{
	char line[CURB_TEXT + 64], why[256];
	const char *wrong;
	struct curb curb;

	snprintf(line, sizeof(line), "%s %s%s%s", word, name, *rate ? " " : "", rate);
	wrong = curb_parse(span_str(line), &curb);
	if (wrong)
		return cli_fail(EXIT_INPUT, "%s", wrong);
	if (curb_order(conf, &curb, ANSWER_MS, why, sizeof(why)) == 0)
		return EXIT_DONE;
	if (ctl_is_down(errno))
		return cli_fail(
		    EXIT_NOT_RUNNING, "lodge-natd does not run; %s", next_all(next_by_units(conf)));
	if (remedy_is_right(errno))
		return cli_fail(EXIT_PERMISSION, "%s/natd.sock: not yours to ask; try as root", conf->run);
	return cli_fail(EXIT_SYSTEM, "%s: %s", name, why);
}
