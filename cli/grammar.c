/* The grammar of the command line; see grammar.h. */
#include "cli/grammar.h"
#include "base/near.h"

#include <stdarg.h>
#include <string.h>

enum { WORDS_MAX = 128 };

/* One reading of a command line. */
struct reading {
	const struct grammar *grammar;
	struct said *said;
	char **argv;
	int argc, at, kept; /* kept: operands, moved to the front of argv */
	bool fresh; /* the REST begins here */
};

static bool __attribute__((format(printf, 2, 3))) wrong(struct reading *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->said->why, sizeof(r->said->why), format, args);
	va_end(args);
	return false;
}

const struct command *
grammar_command(const struct grammar *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->commands[i].name, name) == 0)
			return &g->commands[i];
	return NULL;
}

bool
grammar_is_group(const struct grammar *g, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < g->n; i++)
		if (strncmp(g->commands[i].name, word, len) == 0 && g->commands[i].name[len] == ' ')
			return true;
	return false;
}

const struct command *
grammar_second(const struct grammar *g, const char *word)
{
	for (size_t i = 0; i < g->n; i++) {
		const char *space = strchr(g->commands[i].name, ' ');

		if (space && strcmp(space + 1, word) == 0)
			return &g->commands[i];
	}
	return NULL;
}

size_t
grammar_words(const struct grammar *g, const char *group, const char **words, size_t max)
{
	size_t n = 0, len = group ? strlen(group) : 0;

	for (size_t i = 0; i < g->n && n < max; i++) {
		const char *name = g->commands[i].name, *space = strchr(name, ' ');

		if (!g->commands[i].summary || !group != !space)
			continue;
		if (!group || len == 0 || ((size_t)(space - name) == len && memcmp(name, group, len) == 0))
			words[n++] = space ? space + 1 : name;
	}
	return n;
}

static bool
is_name(const char *name, const char *word, size_t len)
{
	return name && strlen(name) == len && memcmp(name, word, len) == 0;
}

static const struct option *
find_option(const struct option *list, const char *name, size_t len)
{
	for (; list && (list->brief || list->full); list++)
		if (is_name(list->brief, name, len) || is_name(list->full, name, len))
			return list;
	return NULL;
}

const struct option *
grammar_option(const struct grammar *g, const struct command *command, const char *name, size_t len)
{
	const struct option *own = command ? find_option(command->options, name, len) : NULL;

	return own ? own : find_option(g->global, name, len);
}

/* --- mistakes -------------------------------------------------------------------------------------------------- */

/* The operand behind which nothing is an option any more, or NULL. */
static const struct operand *
before_rest(const struct command *command)
{
	for (const struct operand *o = command->operands; o->name; o++)
		if (o[1].name && o[1].times == REST)
			return o;
	return NULL;
}

static bool
wrong_option(struct reading *r, const char *word, size_t len)
{
	const struct command *command = r->said->command;
	const struct operand *before;
	const char *names[WORDS_MAX], *near;
	size_t n = 0;

	for (const struct option *o = command ? command->options : NULL; o && (o->brief || o->full); o++)
		if (o->full)
			names[n++] = o->full;
	for (const struct option *o = r->grammar->global; o && (o->brief || o->full); o++)
		if (o->full)
			names[n++] = o->full;
	near = len > 2 ? near_word((struct span){word, len}, names, n) : NULL;
	if (near)
		return wrong(r, "no option «%.*s»; did you mean «%s»?", (int)len, word, near);
	before = command ? before_rest(command) : NULL;
	if (before)
		return wrong(r, "%s has no option «%.*s» of its own; one for what it runs stands behind %s",
		    command->name, (int)len, word, before->name);
	return wrong(r, "%s has no option «%.*s»; lodge help%s%s lists those it has",
	    command ? command->name : "lodge", (int)len, word, command ? " " : "",
	    command ? command->name : "");
}

static bool
wrong_command(struct reading *r, const char *word)
{
	const struct command *group = r->said->command,
			     *second = group ? NULL : grammar_second(r->grammar, word);
	const char *words[WORDS_MAX], *near = NULL, *head = group ? group->name : "", *gap = group ? " " : "";
	size_t n = grammar_words(r->grammar, group ? group->name : NULL, words, WORDS_MAX);

	if (!second)
		near = near_word(span_str(word), words, n);
	if (near)
		return wrong(
		    r, "no command «%s%s%s»; did you mean «%s%s%s»?", head, gap, word, head, gap, near);
	/* A word of a group without the group. */
	if (!group && !second) {
		near = near_word(span_str(word), words, grammar_words(r->grammar, "", words, WORDS_MAX));
		second = near ? grammar_second(r->grammar, near) : NULL;
	}
	if (second)
		return wrong(r, "no command «%s»; did you mean «%s»?", word, second->name);
	return wrong(r, "no command «%s%s%s»; lodge help%s%s lists them", head, gap, word, gap, head);
}

/* "this|that" as names. The text is cut up. */
static size_t
split(char *text, const char **words, size_t max)
{
	size_t n = 0;

	for (char *end; text && n < max; text = end) {
		words[n++] = text;
		end = strchr(text, '|');
		if (end)
			*end++ = '\0';
	}
	return n;
}

/* Is the value one that may stand there? what: its option, or the name of the operand. */
static bool
check_choice(struct reading *r, const char *what, const char *choices, const char *value)
{
	const char *words[WORDS_MAX], *near;
	char text[256];
	size_t n;

	snprintf(text, sizeof(text), "%s", choices);
	n = split(text, words, WORDS_MAX);
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], value) == 0)
			return true;
	near = near_word(span_str(value), words, n);
	if (near)
		return wrong(r, "%s takes %s, not «%s»; did you mean «%s»?", what, choices, value, near);
	return wrong(r, "%s takes %s, not «%s»", what, choices, value);
}

/* --- options --------------------------------------------------------------------------------------------------- */

static bool
give(struct reading *r, const struct option *option, const char *name, const char *value)
{
	struct said *said = r->said;

	if (value && !*value)
		return wrong(r, "%s wants %s, and what stands there is empty", name, option->value);
	if (value && option->kind == KIND_CHOICE && !check_choice(r, name, option->choices, value))
		return false;
	for (size_t i = 0; i < said->n_given && !option->many; i++) {
		if (said->given[i].option == option) {
			said->given[i].value = value;
			return true;
		}
	}
	if (said->n_given == GIVEN_MAX)
		return wrong(r, "too many options; %d are the most", GIVEN_MAX);
	said->given[said->n_given++] = (struct given){option, value};
	return true;
}

/* The value that is the next word. */
static bool
give_next(struct reading *r, const struct option *option, const char *name)
{
	if (r->at + 1 >= r->argc) {
		r->said->pending = option;
		return wrong(r, "%s wants %s after it", name, option->value);
	}
	return give(r, option, name, r->argv[++r->at]);
}

static bool
read_full(struct reading *r, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct option *option = grammar_option(r->grammar, r->said->command, word, len);

	if (!option)
		return wrong_option(r, word, len);
	if (!option->value && word[len])
		return wrong(r, "%s takes no value; write it without «%s»", option->full, word + len);
	if (option->value && word[len])
		return give(r, option, option->full, word + len + 1);
	return option->value ? give_next(r, option, option->full) : give(r, option, option->full, NULL);
}

/* -rj, -n 5, -n5 */
static bool
read_brief(struct reading *r, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		char name[3] = {'-', *letter, '\0'};
		const struct option *option = grammar_option(r->grammar, r->said->command, name, 2);

		if (!option)
			return wrong_option(
			    r, letter == word + 1 ? word : name, letter == word + 1 ? strlen(word) : 2);
		if (option->value)
			return letter[1] ? give(r, option, name, letter + 1) : give_next(r, option, name);
		if (!give(r, option, name, NULL))
			return false;
	}
	return true;
}

/* --- words ----------------------------------------------------------------------------------------------------- */

/* The command that the words so far and this one are, or NULL. */
static const struct command *
longer(const struct reading *r, const char *word)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "%s%s%s", r->said->command ? r->said->command->name : "",
	    r->said->command ? " " : "", word);

	return n > 0 && (size_t)n < sizeof(name) && !strchr(word, ' ') ? grammar_command(r->grammar, name)
								       : NULL;
}

const struct operand *
grammar_operand(const struct command *command, size_t n)
{
	for (const struct operand *o = command->operands; o->name; o++)
		if (n-- == 0 || o->times == MANY || o->times == REST)
			return o;
	return NULL;
}

static bool
read_word(struct reading *r, char *word)
{
	const struct command *command = r->said->command;
	const struct command *more = r->kept == 0 ? longer(r, word) : NULL;
	const struct operand *operand;
	char usage[256];

	if (more) {
		r->said->command = more;
		return true;
	}
	if (!command ||
	    (r->kept == 0 && !command->operands[0].name && grammar_is_group(r->grammar, command->name)))
		return wrong_command(r, word);
	operand = grammar_operand(command, (size_t)r->kept);
	if (!operand) {
		grammar_usage(command, usage, sizeof(usage));
		return wrong(r, "%s takes no «%s»; %s", command->name, word, usage);
	}
	if (operand->kind == KIND_CHOICE && !check_choice(r, command->name, operand->choices, word))
		return false;
	r->argv[1 + r->kept++] = word;
	operand = grammar_operand(command, (size_t)r->kept);
	r->fresh = operand && operand->times == REST && !r->said->plain;
	r->said->plain = r->said->plain || r->fresh;
	return true;
}

static bool
is_whole(struct reading *r)
{
	const struct command *command = r->said->command;
	char usage[256];
	size_t n = 0;

	if (!command || said_has(r->said, "--help"))
		return true;
	while (command->operands[n].name && command->operands[n].times == ONCE)
		n++;
	if (r->said->n_operands >= n)
		return true;
	r->said->missing = true;
	grammar_usage(command, usage, sizeof(usage));
	return wrong(r, "%s wants %s; %s", command->name, command->operands[r->said->n_operands].name, usage);
}

static bool
read_all(struct reading *r)
{
	for (; r->at < r->argc; r->at++) {
		char *word = r->argv[r->at];
		bool good = true, ends = strcmp(word, "--") == 0 && (!r->said->plain || r->fresh);

		r->fresh = false;
		if (ends)
			r->said->plain = true;
		else if (r->said->plain || word[0] != '-' || !word[1])
			good = read_word(r, word);
		else
			good = word[1] == '-' ? read_full(r, word) : read_brief(r, word);
		if (!good)
			return false;
	}
	return true;
}

bool
grammar_read(const struct grammar *g, int argc, char **argv, struct said *said)
{
	struct reading r = {.grammar = g, .said = said, .argv = argv, .argc = argc, .at = 1};
	bool good;

	*said = (struct said){0};
	good = read_all(&r);
	said->operands = argv + 1;
	said->n_operands = (size_t)r.kept;
	return good && is_whole(&r);
}

/* --- what was said --------------------------------------------------------------------------------------------- */

static bool
is_option(const struct option *option, const char *name)
{
	return is_name(option->brief, name, strlen(name)) || is_name(option->full, name, strlen(name));
}

bool
said_has(const struct said *said, const char *option)
{
	for (size_t i = 0; i < said->n_given; i++)
		if (is_option(said->given[i].option, option))
			return true;
	return false;
}

const char *
said_value(const struct said *said, const char *option)
{
	const char *value = NULL;

	for (size_t i = 0; i < said->n_given; i++)
		if (is_option(said->given[i].option, option))
			value = said->given[i].value;
	return value;
}

size_t
said_values(const struct said *said, const char *option, const char **values, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < said->n_given; i++) {
		if (!is_option(said->given[i].option, option))
			continue;
		if (n < max)
			values[n] = said->given[i].value;
		n++;
	}
	return n;
}
