/*
 * The grammar of the command line, for every command alike: a table says what each takes, and from the same table come
 * the usage, the help, «did you mean» and what a shell may complete. A core.
 *
 *	lodge [-c FILE] [-d] COMMAND [OPTION…] [OPERAND…]
 *
 * Options stand before operands, after them or between; -c FILE, -cFILE, --config FILE and --config=FILE are the same, and so
 * are -rj and -r -j. What follows «--» is no option.
 */
#ifndef CLI_GRAMMAR_H
#define CLI_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a value or an operand is, as far as a shell could complete it. */
enum kind {
	KIND_NOTHING, /* of an option: takes no value */
	KIND_TEXT,
	KIND_CHOICE, /* one of choices, and nothing else */
	KIND_GUEST,
	KIND_LOGIN, /* a guest, perhaps as USER@NAME */
	KIND_DOMAIN,
	KIND_FILE,
	KIND_COMMAND, /* words of a command, or one of choices */
};

/* How often an operand may stand there; nothing follows MANY and REST. */
enum times {
	ONCE,
	MAYBE,
	MANY, /* any number, also none */
	REST, /* likewise, and from here on nothing is an option */
};

struct operand {
	const char *name; /* for the usage; NULL ends the list */
	enum kind kind;
	enum times times;
	const char *choices; /* "this|that"; may be there for other kinds, too: what is worth offering */
};

struct option {
	const char *brief, *full; /* "-j", "--json"; one may be NULL, both end the list */
	const char *value; /* for the usage; NULL: it takes none */
	const char *text;
	enum kind kind;
	const char *choices;
	bool many; /* each counts; else the last one does */
};

enum { OPERANDS_MAX = 3, OPTIONS_MAX = 12, GIVEN_MAX = 128 };

struct said;

struct command {
	const char *name; /* one word, or two: "guest create" */
	int (*run)(const struct said *);
	const char *summary; /* NULL: not shown */
	struct operand operands[OPERANDS_MAX + 1];
	struct option options[OPTIONS_MAX + 1];
};

struct grammar {
	const struct command *commands;
	size_t n;
	const struct option
	    *global; /* of every command, where it has no such option itself; ended by an empty one */
};

struct given {
	const struct option *option;
	const char *value; /* NULL: it takes none */
};

/* What somebody said, understood. Everything in it is borrowed from the table and from argv. */
struct said {
	const struct command *command; /* NULL: none was named */
	const char *file; /* for the caller to fill in */
	char **operands;
	size_t n_operands;
	struct given given[GIVEN_MAX];
	size_t n_given;
	bool plain; /* what comes now is no option */
	const struct option *pending; /* the last word, whose value is missing */
	bool missing; /* an operand is missing, no more */
	char why[512]; /* "": understood; else what is wrong, and what to try */
};

/*
 * argv[0] is the program; argv is put in another order. False: wrong, and why. Who asks for help (--help) need not name the
 * operands.
 */
bool grammar_read(const struct grammar *, int argc, char **argv, struct said *);

/* Does the option stand there, by either of its names? Its value, the last one; or NULL. */
bool said_has(const struct said *, const char *option);
const char *said_value(const struct said *, const char *option);
/* All of its values, at most max of them; how many there are. */
size_t said_values(const struct said *, const char *option, const char **values, size_t max);

/* By its whole name, or NULL. */
const struct command *grammar_command(const struct grammar *, const char *name);
/* By the second word of its name alone; the first of those that have it, or NULL. */
const struct command *grammar_second(const struct grammar *, const char *word);
/* The first words of all commands, the second ones of a group, or with "" those of all groups; at most max. How many. */
size_t grammar_words(const struct grammar *, const char *group, const char **words, size_t max);
/* The option of that name: the command's (which may be NULL), or else a global one. NULL: none. */
const struct option *grammar_option(
    const struct grammar *, const struct command *, const char *name, size_t len);
/* The operand that the n-th word is. NULL: there is no such. */
const struct operand *grammar_operand(const struct command *, size_t n);
/* Is it a word that others follow, as «guest» is? */
bool grammar_is_group(const struct grammar *, const char *word);

/* "usage: lodge guest stop [--no-wait] NAME" without an end of line; at most room bytes. */
void grammar_usage(const struct command *, char *out, size_t room);
/* All commands, a line each; those of one group; one command in full. */
void grammar_help(const struct grammar *, FILE *);
void grammar_help_group(const struct grammar *, const char *group, FILE *);
void grammar_help_command(const struct grammar *, const struct command *, FILE *);

/* --- what a shell may offer --------------------------------------------------------------------------------- */

/* What may stand where the cursor is. */
struct offer {
	struct said said; /* of the words before it, as far as they were understood */
	bool commands, options; /* either may be offered */
	enum kind kind; /* or something of this kind; KIND_NOTHING: nothing more */
	const char *choices;
	char prefix[64]; /* what stands before each value in the same word: "--from=", "root@" */
	const char *begun; /* the word, "" when nothing of it is there */
};

/* A word as it is typed in bash loses its quotes, also one that is still open, and its backslashes. */
void offer_unquote(char *word);
/* words[0] is the program, the last one is what was begun. words are put in another order. */
void offer_find(const struct grammar *, int n, char **words, struct offer *);
/* «word TAB text», a line each, for all that the table knows; guests, domains and files are the caller's. */
void offer_print(const struct grammar *, const struct offer *, FILE *);

#endif
