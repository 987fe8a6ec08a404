/*
 * `lodge completion SHELL` prints what the shell reads; that asks `lodge complete SHELL WORD…` at each key, so that it is
 * always as the program is. Of it come lines «word TAB text», and for files the line «:file».
 */
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/topics.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOPICS_MAX = 64 };

/*
 * readline cuts words at «=», «@», «:» and more; those between which nothing stands are put together again, and of what is
 * offered only what it would replace ($2) is left. Words come as they are typed, in their quotes.
 */
static const char bash[] =
    "# bash completion of lodge, made by: lodge completion bash\n"
    "_lodge() {\n"
    "\tlocal words=() word line cur head rest=${COMP_LINE#*\"${COMP_WORDS[0]}\"}\n"
    "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD}\"; do\n"
    "\t\tif [[ $word && ${#words[@]} -gt 0 && $rest == \"$word\"* ]]; then\n"
    "\t\t\twords[-1]+=$word\n"
    "\t\telse\n"
    "\t\t\twords+=(\"$word\")\n"
    "\t\tfi\n"
    "\t\trest=${rest#*\"$word\"}\n"
    "\tdone\n"
    "\tcur=${words[-1]#[\\\"\\']}\n"
    "\thead=${cur%\"$2\"}\n"
    "\tCOMPREPLY=()\n"
    "\twhile IFS= read -r line; do\n"
    "\t\tif [[ $line == :file ]]; then\n"
    "\t\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\t\twhile IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen -f -- \"$2\")\n"
    "\t\t\tcontinue\n"
    "\t\tfi\n"
    "\t\tline=${line%%$'\\t'*}\n"
    "\t\tif [[ $line == \"$cur\"* ]]; then COMPREPLY+=(\"${line#\"$head\"}\"); fi\n"
    "\tdone < <(\"${1/#\\~/$HOME}\" complete bash -- \"${words[@]}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _lodge lodge\n";

static const char zsh[] =
    "#compdef lodge\n"
    "# zsh completion of lodge, made by: lodge completion zsh\n"
    "_lodge() {\n"
    "\tlocal -a offered\n"
    "\tlocal line word files=\n"
    "\twhile IFS= read -r line; do\n"
    "\t\tif [[ $line == :file ]]; then\n"
    "\t\t\tfiles=1\n"
    "\t\telse\n"
    "\t\t\tword=${line%%$'\\t'*}\n"
    "\t\t\tif [[ $words[CURRENT] == --*=* ]]; then word=${word#*=}; fi\n"
    "\t\t\toffered+=(\"${word//:/\\\\:}:${line#*$'\\t'}\")\n"
    "\t\tfi\n"
    "\tdone < <(${~words[1]} complete zsh -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)\n"
    "\tif [[ $words[CURRENT] == --*=* ]]; then compset -P '*='; fi\n"
    "\t(( $#offered )) && _describe -V lodge offered\n"
    "\t[[ -n $files ]] && _files\n"
    "}\n"
    "if [[ $funcstack[1] == _lodge ]]; then _lodge \"$@\"; else compdef _lodge lodge; fi\n";

static const char fish[] =
    "# fish completion of lodge, made by: lodge completion fish\n"
    "function __lodge_complete\n"
    "\tset -l words (commandline -opc)\n"
    "\tset -l begun (commandline -ct)\n"
    "\tfor line in (eval (string escape -- $words[1]) complete fish -- (string escape -- $words[2..-1] "
    "$begun) 2>/dev/null)\n"
    "\t\tif test $line = :file\n"
    "\t\t\tif string match -q -- '--*=*' $begun\n"
    "\t\t\t\tset -l option (string replace -r '=.*' = -- $begun)\n"
    "\t\t\t\tfor file in (__fish_complete_path (string replace -r '^[^=]*=' '' -- $begun))\n"
    "\t\t\t\t\techo $option$file\n"
    "\t\t\t\tend\n"
    "\t\t\telse\n"
    "\t\t\t\t__fish_complete_path $begun\n"
    "\t\t\tend\n"
    "\t\telse\n"
    "\t\t\techo $line\n"
    "\t\tend\n"
    "\tend\n"
    "end\n"
    "complete -c lodge -f -a '(__lodge_complete)'\n";

int
cmd_completion(const struct said *said)
{
	const char *shell = said->operands[0];

	fputs(strcmp(shell, "bash") == 0 ? bash : strcmp(shell, "zsh") == 0 ? zsh : fish, stdout);
	return EXIT_DONE;
}

/* --- what is asked at each key --------------------------------------------------------------------------------- */

static void
print_guests(const struct conf *conf, const char *prefix)
{
	char address[IP_TEXT];

	for (size_t i = 0; i < conf->n_guests; i++)
		printf(
		    "%s%s\t%s\n", prefix, conf->guests[i].name, ip_print(&conf->guests[i].address, address));
}

static void
print_domains(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_guests; i++)
		for (size_t d = 0; d < conf->guests[i].n_domains; d++)
			printf("%s\t%s\n", conf->guests[i].domains[d].name, conf->guests[i].name);
}

/* The file that was named; its ~ is still there, for no shell has expanded the line yet. */
static const char *
file_of(const struct offer *offer, char out[PATH_MAX])
{
	const char *file = said_value(&offer->said, "--config") ?: SYS_CONF_FILE, *home = getenv("HOME");

	if (!home || strncmp(file, "~/", 2) != 0)
		return file;
	snprintf(out, PATH_MAX, "%s%s", home, file + 1);
	return out;
}

/* What the file knows; a file with mistakes knows nothing. */
static void
print_known(const struct offer *offer)
{
	char room[PATH_MAX];
	const char *file = file_of(offer, room);
	struct conf_errors errors;
	struct conf conf;

	if (conf_load(file, &conf, &errors) == 0) {
		if (offer->kind == KIND_GUEST)
			print_guests(&conf, offer->prefix);
		else
			print_domains(&conf);
	}
	conf_errors_free(&errors);
	conf_free(&conf);
}

static void
print_topics(void)
{
	const char *words[TOPICS_MAX];
	size_t n = topic_words(words, TOPICS_MAX);

	for (size_t i = 0; i < n; i++)
		printf("%s\ta page of the manual\n", words[i]);
}

/* Nobody sees an error here, and none ends with another status. */
int
cmd_complete(const struct said *said)
{
	static char lodge[] = "lodge";
	struct offer offer;
	char **words = calloc(said->n_operands + 1, sizeof(*words));

	if (!words)
		return EXIT_DONE;
	words[0] = lodge;
	for (size_t i = 1; i < said->n_operands; i++) {
		words[i] = said->operands[i];
		if (strcmp(said->operands[0], "bash") == 0)
			offer_unquote(words[i]);
	}
	offer_find(&lodge_grammar, (int)said->n_operands, words, &offer);
	offer_print(&lodge_grammar, &offer, stdout);
	if (offer.kind == KIND_GUEST || offer.kind == KIND_DOMAIN)
		print_known(&offer);
	if (offer.kind == KIND_COMMAND && offer.said.n_operands == 0)
		print_topics();
	if (offer.kind == KIND_FILE)
		puts(":file");
	free(words);
	return EXIT_DONE;
}
