/* More behind a text in a room of fixed size; what does not fit is cut. A core. */
#ifndef BASE_APPEND_H
#define BASE_APPEND_H

#include <stddef.h>

void text_append(char *text, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
