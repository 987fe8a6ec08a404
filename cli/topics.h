#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stddef.h>

/* Shows the page of a topic, or lodge(8) for the name of a command; an exit status. */
int topic_show(const char *word, const char *const *commands, size_t n_commands);

#endif
