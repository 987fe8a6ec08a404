/* `lodge help TOPIC`: the manual page that a word leads to. */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stddef.h>

/* Shows the page of a topic; an exit status. -1: there is no such topic. */
int topic_show(const char *word);

/* The words there are, at most max; how many. */
size_t topic_words(const char **words, size_t max);

#endif
