/* `lodge help [COMMAND|TOPIC]`, and --help with any command. */
#include "base/near.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/topics.h"

#include <string.h>

enum { WORDS_MAX = 128, LIST = 512 };

int
help_print(const struct said *said, FILE *to)
{
	const struct command *command = said->command;

	if (!command)
		grammar_help(&lodge_grammar, to);
	else if (grammar_is_group(&lodge_grammar, command->name))
		grammar_help_group(&lodge_grammar, command->name, to);
	else
		grammar_help_command(&lodge_grammar, command, to);
	return EXIT_DONE;
}

/* Neither a command nor a topic. */
static int
unknown(const char *word)
{
	const char *words[WORDS_MAX], *near;
	size_t n = topic_words(words, WORDS_MAX), topics = n;
	char list[LIST] = "";

	n += grammar_words(&lodge_grammar, NULL, words + n, WORDS_MAX - n);
	n += grammar_words(&lodge_grammar, "", words + n, WORDS_MAX - n);
	near = near_word(span_str(word), words, n);
	if (near)
		return cli_fail(EXIT_INPUT, "no command or topic «%s»; did you mean «%s»?", word, near);
	for (size_t i = 0; i < topics; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? " " : "", words[i]);
	return cli_fail(EXIT_INPUT,
	    "no command or topic «%s»; lodge help lists the commands, and the topics are: %s", word, list);
}

/* The words of `help` are read as if they had been the command. */
int
cmd_help(const struct said *said)
{
	static char program[] = "lodge", help[] = "--help";
	char *words[4] = {program};
	const struct command *second;
	struct said meant;
	size_t n = 1;
	int status;

	if (said->n_operands == 1 && !grammar_command(&lodge_grammar, said->operands[0])) {
		status = topic_show(said->operands[0]);
		if (status != -1)
			return status;
		second = grammar_second(&lodge_grammar, said->operands[0]);
		if (!second)
			return unknown(said->operands[0]);
		grammar_help_command(&lodge_grammar, second, stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < said->n_operands && n < 3; i++)
		words[n++] = said->operands[i];
	words[n++] = help;
	if (!grammar_read(&lodge_grammar, (int)n, words, &meant))
		return cli_fail(EXIT_INPUT, "%s", meant.why);
	return help_print(&meant, stdout);
}
