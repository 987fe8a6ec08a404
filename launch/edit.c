/* What to write into a tree, as a list; see edit.h. */
#include "launch/edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *
edit_text(const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n == -1 ? NULL : text;
}

/* Takes text, which may be NULL only for want of memory. */
static int
add(struct edits *edits, enum edit_kind kind, unsigned mode, const char *path, char *text)
{
	struct edit *list = realloc(edits->list, (edits->n + 1) * sizeof(*list));
	char *copy = strdup(path);

	if (list)
		edits->list = list;
	if (!list || !copy || !text) {
		free(copy);
		free(text);
		return -1;
	}
	list += edits->n++;
	list->kind = kind;
	list->mode = mode;
	list->path = copy;
	list->text = text;
	return 0;
}

int
edit_dir(struct edits *edits, const char *path, unsigned mode)
{
	return add(edits, EDIT_DIR, mode, path, strdup(""));
}

int
edit_file(struct edits *edits, const char *path, unsigned mode, char *text)
{
	return add(edits, EDIT_FILE, mode, path, text);
}

int
edit_link(struct edits *edits, const char *path, const char *target)
{
	return add(edits, EDIT_LINK, 0, path, strdup(target));
}

int
edit_remove(struct edits *edits, const char *path)
{
	return add(edits, EDIT_REMOVE, 0, path, strdup(""));
}

void
edits_free(struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++) {
		free(edits->list[i].path);
		free(edits->list[i].text);
	}
	free(edits->list);
	*edits = (struct edits){0};
}
