/*
 * What errno says, and the next thing to try: "No space left on device; make room there: df -h /srv shows how much is left". One
 * place for all that fails on a path, so that no error ends with errno's word alone.
 */
#ifndef BASE_REMEDY_H
#define BASE_REMEDY_H

#include <stdbool.h>

/*
 * Of what failed on this path (looked at only to say what of it is there), or on nothing that has one (NULL). The text stands
 * until the next call; errno is as before.
 */
const char *remedy(int error, const char *path);

/* The folder of a path that is there, and stays: where room is looked for. "": the one we are in. Until the next call. */
const char *remedy_folder(const char *path);

/* It is a matter of rights, and another user may have them. */
bool remedy_is_right(int error);

#endif
