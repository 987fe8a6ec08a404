/* `lodge help TOPIC`: the manual page that a word leads to. */
#include "cli/topics.h"
#include "base/near.h"
#include "base/sys.h"
#include "cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct topic {
	const char *word, *page, *section;
	const char *source; /* in the tree, for whoever has not installed it */
};

static const struct topic topics[] = {
    {"lodge", "lodge", "7", "cli/lodge.7"},
    {"commands", "lodge", "8", "cli/lodge.8"},
    {"file", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"lodge.yaml", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"ports", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"domains", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"quota", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"bill", "lodge-keys", "7", "ledger/lodge-keys.7"},
    {"keys", "lodge-keys", "7", "ledger/lodge-keys.7"},
    {"redis", "lodge-keys", "7", "ledger/lodge-keys.7"},
    {"security", "lodge-security", "7", "cli/lodge-security.7"},
    {"image", "lodge-image", "7", "launch/lodge-image.7"},
    {"disk", "lodge-image", "7", "launch/lodge-image.7"},
    {"natd", "lodge-natd", "8", "natd/lodge-natd.8"},
    {"network", "lodge-natd", "8", "natd/lodge-natd.8"},
    {"proxy", "lodge-proxy", "8", "proxy/lodge-proxy.8"},
    {"acct", "lodge-acct", "8", "acct/lodge-acct.8"},
    {"counting", "lodge-acct", "8", "acct/lodge-acct.8"},
    {"web", "lodge-web", "8", "web/lodge-web.8"},
    {"page", "lodge-web", "8", "web/lodge-web.8"},
    {"jail", "lodge-guest", "8", "launch/lodge-guest.8"},
};

enum { N_TOPICS = sizeof(topics) / sizeof(topics[0]), WORDS_MAX = 128, NOT_HERE = 127 };

/* Ctrl-C is for the one that shows the page. */
static int
show(const struct topic *topic)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execlp("man", "man", topic->section, topic->page, NULL);
		_exit(NOT_HERE);
	}
	signal(SIGINT, SIG_IGN);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return cli_errno("man");
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
		return cli_fail(EXIT_SYSTEM, "there is no man here; apt-get install man-db, then man %s %s",
		    topic->section, topic->page);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return cli_fail(EXIT_SYSTEM, "%s(%s) is not installed; in the source: man ./%s", topic->page,
		    topic->section, topic->source);
	return EXIT_DONE;
}

int
topic_show(const char *word, const char *const *commands, size_t n_commands)
{
	const char *words[WORDS_MAX], *near;
	size_t n = 0;

	if (strncmp(word, "lodge-", 6) == 0)
		word += 6;
	for (size_t i = 0; i < N_TOPICS; i++) {
		if (strcmp(word, topics[i].word) == 0)
			return show(&topics[i]);
		words[n++] = topics[i].word;
	}
	for (size_t i = 0; i < n_commands && n < WORDS_MAX; i++) {
		if (strcmp(word, commands[i]) == 0)
			return show(&topics[1]);
		words[n++] = commands[i];
	}
	near = near_word(span_str(word), words, n);
	if (near)
		return cli_fail(EXIT_INPUT, "no topic «%s»; did you mean «%s»?", word, near);
	return cli_fail(EXIT_INPUT,
	    "no topic «%s»; a command, or one of: file, ports, domains, quota, bill, security, image, "
	    "network, proxy, "
	    "counting, page, jail",
	    word);
}
