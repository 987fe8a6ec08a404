/* `lodge help TOPIC`: the manual page that a word leads to. */
#include "cli/topics.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"

#include <limits.h>
#include <signal.h>
#include <errno.h>
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
    {"overview", "lodge", "7", "cli/lodge.7"},
    {"file", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"lodge.yaml", "lodge.yaml", "5", "conf/lodge.yaml.5"},
    {"yaml", "lodge.yaml", "5", "conf/lodge.yaml.5"},
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
    {"guests", "lodge-guest", "8", "launch/lodge-guest.8"},
    {"jail", "lodge-guest", "8", "launch/lodge-guest.8"},
};

enum { N_TOPICS = sizeof(topics) / sizeof(topics[0]), NOT_HERE = 127 };

/* Beside the code where this program lies in its tree, else where man finds it. Only returns when it could not be run. */
static void
become_man(const struct topic *topic)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s../%s", sys_bindir(), topic->source);

	if (n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0)
		execlp("man", "man", path, NULL);
	else
		execlp("man", "man", topic->section, topic->page, NULL);
}

/* Ctrl-C is for the one that shows the page. */
static int
show(const struct topic *topic)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		become_man(topic);
		_exit(NOT_HERE);
	}
	signal(SIGINT, SIG_IGN);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return cli_fail(EXIT_SYSTEM, "man: %s", remedy(errno, NULL));
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
		return cli_fail(EXIT_SYSTEM, "there is no man here; apt-get install man-db, then man %s %s",
		    topic->section, topic->page);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return cli_fail(EXIT_SYSTEM, "%s(%s) is not installed; in the source: man ./%s", topic->page,
		    topic->section, topic->source);
	return EXIT_DONE;
}

size_t
topic_words(const char **words, size_t max)
{
	size_t n = 0;

	while (n < N_TOPICS && n < max) {
		words[n] = topics[n].word;
		n++;
	}
	return n;
}

int
topic_show(const char *word)
{
	for (size_t i = 0; i < N_TOPICS; i++)
		if (strcmp(word, topics[i].word) == 0 || strcmp(word, topics[i].page) == 0)
			return show(&topics[i]);
	return -1;
}
