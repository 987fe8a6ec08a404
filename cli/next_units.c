/* Who starts lodge on this host; see next.h. */
#include "base/sys.h"
#include "cli/next.h"

#include <string.h>
#include <unistd.h>

bool
next_by_units(const char *file)
{
	return strcmp(file, SYS_CONF_FILE) == 0 && access("/run/systemd/system", F_OK) == 0;
}
