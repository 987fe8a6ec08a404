/*
 * A guest that comes to be: a file of its own, where the owner's file includes such, and the image beside it. Both lie
 * under names of their own (base/scrap.h) until the whole, with the newcomer in it, was read and found right; then
 * they get their names, the image first, which is on disk by then: who is killed between leaves an image that is no
 * guest's, which the next one to take that name is told.
 *
 * Every call answers with an exit status; what is wrong is said.
 */
#ifndef CLI_ENTRY_H
#define CLI_ENTRY_H

#include "conf/conf.h"

#include <limits.h>

struct entry {
	const char *file; /* the owner's */
	struct conf conf; /* without the newcomer */
	size_t n_warnings; /* of it */
	struct guest guest; /* the newcomer */
	bool dry; /* nothing is written where it would stay */
	bool json; /* how to reach it is told as that */
	char dir[PATH_MAX], path[PATH_MAX]; /* where its file will be */
	char work[PATH_MAX]; /* where drafts are: dir, or a folder of its own */
	char draft[PATH_MAX], whole[PATH_MAX]; /* its file, and one that includes it and the owner's */
	char image[PATH_MAX], making[PATH_MAX]; /* its image, and that until it is ready */
	bool committed;
};

/* Reads the owner's file. Refused: a name that is no name, or is there already. */
int entry_open(struct entry *, const char *file, const char *name, bool dry);
/*
 * Finds its address and port, and reads the whole with it. Refused: what the whole refuses, an image that is there
 * already, more memory than there is.
 */
int entry_check(struct entry *);
/* From here on `whole` has the guest with the image in the making. */
int entry_begin(struct entry *);
/* Its image is made: it becomes a guest of the file; address and port are found again, for others may have come. */
int entry_commit(struct entry *);
/* Removes what was not committed. */
void entry_close(struct entry *);

/* entry_text.c: writes its file and the whole one where drafts are; reads the whole, warning only of what it brought. */
int entry_write(const struct entry *);
int entry_read(const struct entry *);
/* The file that would be written. */
void entry_print(const struct entry *, FILE *);
/* How to reach it, to stdout; and the programs that run are told. */
int entry_tell(const struct entry *);
/* Where it is and how to reach it, for programs; made: it is there now. path: of its file. The status, as cli_json. */
int entry_json(int status, const struct conf *, const struct guest *, const char *path, bool made);

/* The programs that run, if any, read the file again. */
int entry_apply(const struct conf *, const char *file);

/* lodge-guest beside this program with these words, to its end; a signal to us is one to it. Its exit status. */
int entry_run(const char *const argv[]);

#endif
