/* What was wrong with the file, for whoever loaded it; see conf.h. */
#include "conf/parse.h"

#include <stdlib.h>

static const char no_memory[] = "error: out of memory while reading the configuration\n";

int
conf_report(const struct conf_errors *e, FILE *out)
{
	size_t warnings = 0;

	for (size_t i = 0; i < e->n; i++) {
		warnings += e->list[i].warning;
		fputs(e->list[i].text, out);
	}
	if (e->no_memory)
		fputs(no_memory, out);
	if (e->n_dropped > 0)
		fprintf(out, "… and %zu more\n", e->n_dropped);
	if (e->n_fatal > 0)
		fprintf(out, "%zu error%s", e->n_fatal, e->n_fatal == 1 ? "" : "s");
	if (warnings > 0)
		fprintf(
		    out, "%s%zu warning%s", e->n_fatal > 0 ? ", " : "", warnings, warnings == 1 ? "" : "s");
	if (e->n_fatal > 0 || warnings > 0)
		fputc('\n', out);
	return e->n_fatal > 0 || e->no_memory ? 2 : 0;
}

const char *
conf_first_error(const struct conf_errors *e, char *out, size_t room)
{
	const char *text = e->no_memory ? no_memory : "";

	for (size_t i = 0; i < e->n; i++) {
		if (!e->list[i].warning) {
			text = e->list[i].text;
			break;
		}
	}
	snprintf(out, room, "%.*s", (int)strcspn(text, "\n"), text);
	return out;
}

void
conf_error_free(struct conf_error *e)
{
	for (size_t i = 0; i < e->n_said; i++) {
		free(e->said[i].file);
		free(e->said[i].text);
	}
	free(e->said);
	free(e->text);
}

void
conf_errors_free(struct conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		conf_error_free(&e->list[i]);
	free(e->list);
	*e = (struct conf_errors){0};
}
