/* Usage and help, made of the table; see grammar.h. */
#include "cli/grammar.h"
#include "base/append.h"
#include "base/table.h"
#include "base/utf8.h"

#include <string.h>

enum { LINE = 160, OPTIONS_SHOWN = 3 };

static void
add_operands(const struct command *command, char *out, size_t room)
{
	for (const struct operand *o = command->operands; o->name; o++) {
		const char *open = o->times == ONCE ? "" : "[", *close = o->times == ONCE ? "" : "]";

		text_append(out, room, " %s%s%s%s", open, o->name,
		    o->times == MANY || o->times == REST ? "…" : "", close);
	}
}

void
grammar_usage(const struct command *command, char *out, size_t room)
{
	size_t n = 0;

	while (command->options[n].brief || command->options[n].full)
		n++;
	snprintf(out, room, "usage: lodge %s", command->name);
	for (size_t i = 0; i < n && n <= OPTIONS_SHOWN; i++) {
		const struct option *o = &command->options[i];

		text_append(out, room, " [%s%s%s]", o->brief ? o->brief : o->full, o->value ? " " : "",
		    o->value ? o->value : "");
	}
	if (n > OPTIONS_SHOWN)
		text_append(out, room, " [OPTION…]");
	add_operands(command, out, room);
}

/* Two columns, the first as wide as its widest. */
struct rows {
	struct table table;
	size_t widest;
};

static void
print_rows(struct rows *rows, FILE *to)
{
	table_print(&rows->table, to);
	table_free(&rows->table);
}

static void
add_row(struct rows *rows, const char *left, const char *right)
{
	rows->table.columns = 2;
	table_add(&rows->table, left);
	table_add(&rows->table, right);
}

static void
add_command(struct rows *rows, const struct command *command)
{
	char left[LINE];

	if (!command->summary)
		return;
	snprintf(left, sizeof(left), "  %s", command->name);
	add_operands(command, left, sizeof(left));
	add_row(rows, left, command->summary);
}

static void
add_options(struct rows *rows, const struct option *list)
{
	for (; list->brief || list->full; list++) {
		char left[LINE];

		snprintf(left, sizeof(left), "  %s%s%s%s%s%s", list->brief ? list->brief : "    ",
		    list->brief && list->full ? ", " : "", list->full ? list->full : "",
		    list->value ? " " : "", list->value ? list->value : "", list->many ? "…" : "");
		add_row(rows, left, list->text);
	}
}

void
grammar_help(const struct grammar *g, FILE *to)
{
	struct rows commands = {0}, options = {0};

	fputs("usage: lodge [-c FILE] [-d] COMMAND [ARGUMENT…]\n\n", to);
	for (size_t i = 0; i < g->n; i++)
		add_command(&commands, &g->commands[i]);
	print_rows(&commands, to);
	fputs("\nAlso with every command, before or after it:\n", to);
	add_options(&options, g->global);
	print_rows(&options, to);
	fputs("\nlodge help COMMAND says what it takes, lodge help TOPIC opens the manual.\n", to);
}

/* Its own options, and the names of the global ones that it has not itself under that name. */
static void
print_options(const struct grammar *g, const struct command *command, FILE *to)
{
	const char *before = "\nAlso ";
	struct rows rows = {0};

	if (command->options[0].brief || command->options[0].full) {
		fputc('\n', to);
		add_options(&rows, command->options);
		print_rows(&rows, to);
	}
	for (const struct option *o = g->global; o->brief || o->full; o++) {
		if (!o->full || grammar_option(g, command, o->full, strlen(o->full)) != o)
			continue;
		fprintf(to, "%s%s%s%s", before, o->full, o->value ? " " : "", o->value ? o->value : "");
		before = ", ";
	}
	fputs(". The manual: man lodge\n", to);
}

void
grammar_help_group(const struct grammar *g, const char *group, FILE *to)
{
	const struct command *own = grammar_command(g, group);
	struct rows rows = {0};
	size_t len = strlen(group);

	fprintf(to, "usage: lodge %s WORD [ARGUMENT…]\n\n", group);
	for (size_t i = 0; i < g->n; i++)
		if (strncmp(g->commands[i].name, group, len) == 0 && strchr(" ", g->commands[i].name[len]))
			add_command(&rows, &g->commands[i]);
	print_rows(&rows, to);
	fprintf(to, "\nlodge help %s WORD says what it takes. %s alone takes:\n", group, group);
	print_options(g, own, to);
}

void
grammar_help_command(const struct grammar *g, const struct command *command, FILE *to)
{
	char usage[256];

	grammar_usage(command, usage, sizeof(usage));
	fprintf(to, "%s\n\n  %s\n", usage, command->summary ? command->summary : "");
	print_options(g, command, to);
}
