/* Colours, for people: only on a terminal that has any, and never where NO_COLOR says so. */
#ifndef BASE_COLOUR_H
#define BASE_COLOUR_H

#include <stdbool.h>

#define COLOUR_RED "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_YELLOW "\033[33m"
#define COLOUR_END "\033[0m"

bool colour_wanted(int fd);

#endif
