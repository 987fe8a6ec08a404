/* What a shell may offer where the cursor is; see grammar.h. */
#include "cli/grammar.h"
#include "base/span.h"

#include <string.h>

void
offer_unquote(char *word)
{
	char *to = word, quote = '\0';

	for (const char *at = word; *at; at++) {
		bool escapes = *at == '\\' && at[1] && (!quote || (quote == '"' && strchr("\"\\$`", at[1])));

		if (escapes)
			*to++ = *++at;
		else if (quote && *at == quote)
			quote = '\0';
		else if (!quote && (*at == '"' || *at == '\''))
			quote = *at;
		else
			*to++ = *at;
	}
	*to = '\0';
}

static void
offer_kind(struct offer *o, enum kind kind, const char *choices)
{
	const char *at = kind == KIND_LOGIN ? strchr(o->begun, '@') : NULL;
	size_t len = at ? (size_t)(at + 1 - o->begun) : 0;

	o->kind = kind == KIND_LOGIN ? KIND_GUEST : kind;
	o->choices = choices;
	if (at && len < sizeof(o->prefix)) {
		snprintf(o->prefix, sizeof(o->prefix), "%.*s", (int)len, o->begun);
		o->begun += len;
	}
}

/* --from=sm */
static void
offer_value(const struct grammar *g, struct offer *o)
{
	size_t len = strcspn(o->begun, "=");
	const struct option *option = grammar_option(g, o->said.command, o->begun, len);

	if (!option || !option->value || len + 2 > sizeof(o->prefix))
		return;
	snprintf(o->prefix, sizeof(o->prefix), "%.*s=", (int)len, o->begun);
	o->begun += len + 1;
	o->kind = option->kind;
	o->choices = option->choices;
}

static void
offer_word(const struct grammar *g, struct offer *o)
{
	const struct command *command = o->said.command;
	const struct operand *operand;

	o->commands = o->said.n_operands == 0 && (!command || grammar_is_group(g, command->name));
	operand = command ? grammar_operand(command, o->said.n_operands) : NULL;
	if (operand && operand->times != REST)
		offer_kind(o, operand->kind, operand->choices);
}

void
offer_find(const struct grammar *g, int n, char **words, struct offer *o)
{
	*o = (struct offer){.begun = n > 1 ? words[n - 1] : ""};
	if (!grammar_read(g, n - 1, words, &o->said) && !o->said.pending && !o->said.missing)
		return;
	if (o->said.pending)
		offer_kind(o, o->said.pending->kind, o->said.pending->choices);
	else if (!o->said.plain && strncmp(o->begun, "--", 2) == 0 && strchr(o->begun, '='))
		offer_value(g, o);
	else if (!o->said.plain && o->begun[0] == '-')
		o->options = true;
	else
		offer_word(g, o);
}

/* --- the words ------------------------------------------------------------------------------------------------- */

static void
print_commands(const struct grammar *g, const struct command *group, FILE *to)
{
	size_t len = group ? strlen(group->name) : 0;

	for (size_t i = 0; i < g->n; i++) {
		const char *name = g->commands[i].name;

		if (!g->commands[i].summary)
			continue;
		if (group && strncmp(name, group->name, len) == 0 && name[len] == ' ')
			fprintf(to, "%s\t%s\n", name + len + 1, g->commands[i].summary);
		else if (!group && !strchr(name, ' '))
			fprintf(to, "%s\t%s\n", name, g->commands[i].summary);
	}
}

static void
print_choices(const struct offer *o, FILE *to)
{
	for (struct span left = span_str(o->choices ? o->choices : ""); left.len > 0;) {
		size_t len = span_find(left, '|');

		fprintf(to, "%s%.*s\t\n", o->prefix, (int)len, left.ptr);
		left = span_from(left, len < left.len ? len + 1 : len);
	}
}

static void
print_options(const struct offer *o, const struct option *list, FILE *to)
{
	for (; list && (list->brief || list->full); list++) {
		if (!list->many && said_has(&o->said, list->full ? list->full : list->brief))
			continue;
		if (list->brief)
			fprintf(to, "%s\t%s\n", list->brief, list->text);
		if (list->full)
			fprintf(to, "%s\t%s\n", list->full, list->text);
	}
}

/* What of the global ones the command has not under the same name. */
static void
print_global(const struct grammar *g, const struct offer *o, FILE *to)
{
	for (const struct option *option = g->global; option->brief || option->full; option++) {
		struct option only[2] = {*option};

		if (option->brief && grammar_option(g, o->said.command, option->brief, 2) != option)
			only[0].brief = NULL;
		print_options(o, only, to);
	}
}

/* `help` goes on with what follows the words it has. */
static void
print_help_words(const struct grammar *g, const struct offer *o, FILE *to)
{
	const struct command *group = NULL;

	if (o->said.n_operands == 1)
		group = grammar_command(g, o->said.operands[0]);
	if (o->said.n_operands == 0) {
		print_commands(g, NULL, to);
		print_choices(o, to);
	} else if (group) {
		print_commands(g, group, to);
	}
}

void
offer_print(const struct grammar *g, const struct offer *o, FILE *to)
{
	if (o->commands)
		print_commands(g, o->said.command, to);
	if (o->options) {
		print_options(o, o->said.command ? o->said.command->options : NULL, to);
		print_global(g, o, to);
	}
	if (o->kind == KIND_COMMAND)
		print_help_words(g, o, to);
	else if (o->kind != KIND_NOTHING)
		print_choices(o, to);
}
