/* What is to be tried next names a place that is there when it is typed, and never the folder that somebody happens to be in. */
#include "base/remedy.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char world[] = "/tmp/lodge-remedy-XXXXXX";

static const int codes[] = {EACCES, EPERM, ENOENT, ENOTDIR, EISDIR, EEXIST, ENOTEMPTY, ELOOP, ENOSPC, EDQUOT,
    EROFS, EFBIG, EBUSY, ETXTBSY, EAGAIN, EXDEV, EIO, EUCLEAN, ENAMETOOLONG, ENODATA, EINVAL};

static const char *const paths[] = {"%s", "%s/file", "%s/none", "%s/none/such", "%s/.making-a-1",
    "%s/.making-a-1/own", "%s/.making-a-1/none/such", "%s/.making-b-2.img", "%s/.making-none-3/x",
    "alice.img", "etc/none", ".making-a-1", ".making-a-1/x", "./none", ".", "", "/", "/none"};

static int
make(void **state)
{
	(void)state;
	return !mkdtemp(world) || chdir(world) == -1 || mkdir(".making-a-1", 0755) == -1 ||
	       mkdir(".making-a-1/own", 0755) == -1 || fclose(fopen("file", "w")) == EOF ||
	       fclose(fopen(".making-b-2.img", "w")) == EOF;
}

static int
clean(void **state)
{
	(void)state;
	return unlink("file") | unlink(".making-b-2.img") | rmdir(".making-a-1/own") | rmdir(".making-a-1") |
	       chdir("/") | rmdir(world);
}

static const char *
path_of(const char *form, char out[PATH_MAX])
{
	const char *rest = strncmp(form, "%s", 2) == 0 ? form + 2 : NULL;

	snprintf(out, PATH_MAX, "%s%s", rest ? world : form, rest ? rest : "");
	return out;
}

/* The word behind a command. */
static void
check_place(const char *text, const char *command)
{
	for (const char *at = text; (at = strstr(at, command));) {
		char word[PATH_MAX] = "";
		struct stat st;

		at += strlen(command);
		assert_int_equal(sscanf(at, "%4095[^ ;,:)]", word), 1);
		if (strcmp(word, "shows") == 0 || strcmp(word, "and") == 0 || strcmp(word, "show") == 0)
			continue;
		if (word[0] != '/' || strstr(word, ".making-") || lstat(word, &st) == -1)
			fail_msg("«%s» of: %s", word, text);
	}
}

static void
test_places(void **state)
{
	static const char *const commands[] = {
	    "df -h ", "df -i ", "df -T ", "ls -l ", "ls -A ", "findmnt -T ", "lsattr -d ", "fuser -v "};
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		for (size_t j = 0; j < sizeof(codes) / sizeof(*codes); j++) {
			const char *text = remedy(codes[j], path_of(paths[i], path));

			for (size_t k = 0; k < sizeof(commands) / sizeof(*commands); k++)
				check_place(text, commands[k]);
			assert_null(strstr(text, "; . is"));
			assert_null(strstr(text, "(null)"));
			assert_true(strlen(text) > strlen(strerror(codes[j])) + 2);
		}
}

static void
test_words(void **state)
{
	static const struct {
		int error;
		const char *path, *want;
	} cases[] = {
	    {ENOSPC, "%s/file", "df -h %s and df -i %s show"},
	    {ENOSPC, "%s/.making-a-1/own/disk.img", "df -h %s and df -i %s show"},
	    {ENOSPC, "%s/.making-b-2.img", "df -h %s and df -i %s show"},
	    {ENOSPC, "alice.img", "make room: df -h and df -i show"},
	    {EIO, "%s/file", "the disk below %s fails"},
	    {EROFS, "%s/none/such", "findmnt -T %s shows"},
	    {EROFS, "none", "name a place that can be written to"},
	    {ENOTDIR, "%s/file/x", "%s/file is no folder"},
	    {ENOTDIR, "alice.img", "name another place"},
	    {ENOENT, "%s/none", "ls -l %s shows"},
	    {ENOENT, "%s/none/such", "mkdir -p %s/none)"},
	    {ENOENT, "none/such", "mkdir -p none)"},
	    {ENOENT, "none", "ls -l shows"},
	    {ENOENT, "%s/.making-a-1/none/such", "try again"},
	    {EBUSY, "%s/file", "fuser -v %s/file names it"},
	    {ENODATA, "%s/file", "cut short; restore it from a backup"},
	};
	char path[PATH_MAX], want[3 * PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = remedy(cases[i].error, path_of(cases[i].path, path));
		size_t n = 0;

		for (const char *p = cases[i].want; *p; p++)
			if (p[0] == '%')
				n += (size_t)sprintf(want + n, "%s", world), p++;
			else
				want[n++] = *p;
		want[n] = '\0';
		if (!strstr(text, want))
			fail_msg("«%s» is not in: %s", want, text);
	}
}

static void
test_folder(void **state)
{
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(remedy_folder(path_of(paths[i], path)), world);
	assert_string_equal(remedy_folder("alice.img"), "");
	assert_string_equal(remedy_folder(""), "");
	assert_string_equal(remedy_folder("/none"), "/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places), cmocka_unit_test(test_words), cmocka_unit_test(test_folder)};

	return cmocka_run_group_tests_name("remedy", tests, make, clean);
}
