/* A file of a base whose content each guest has of its own; see seed.h. */
#include "launch/seed.h"
#include "base/log.h"
#include "base/tool.h"
#include "launch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char mark[] = "lodge keeps here what each guest has of its own, block ";

static void
block_of(size_t number, char out[BASES_BLOCK])
{
	memset(out, '\n', BASES_BLOCK);
	out[snprintf(out, BASES_BLOCK, "%s%zu", mark, number)] = '\n';
}

int
seed_plant(int tree)
{
	char bytes[SEED_BYTES];

	for (size_t i = 0; i < BASES_SEED; i++)
		block_of(i, bytes + i * BASES_BLOCK);
	return tree_write(tree, SEED_FILE, 0600, span_of(bytes, sizeof(bytes)));
}

/* False: it is there already. */
static bool
note(const char *block, uint64_t at, uint64_t where[BASES_SEED])
{
	char expected[BASES_BLOCK];
	size_t number;

	if (memcmp(block, mark, sizeof(mark) - 1) != 0)
		return true;
	number = strtoul(block + sizeof(mark) - 1, NULL, 10);
	if (number >= BASES_SEED)
		return true;
	block_of(number, expected);
	if (memcmp(block, expected, BASES_BLOCK) != 0)
		return true;
	if (where[number])
		return false;
	where[number] = at;
	return true;
}

static int
scan(int image, uint64_t where[BASES_SEED])
{
	enum { CHUNK = 1 << 20 };
	char *bytes = malloc(CHUNK);
	off_t end = lseek(image, 0, SEEK_END), at = 0, data;
	int result = bytes ? 0 : -1;

	while (result == 0 && at < end && (data = lseek(image, at, SEEK_DATA)) != -1) {
		ssize_t n;

		at = data / BASES_BLOCK * BASES_BLOCK;
		n = pread(image, bytes, CHUNK, at) / BASES_BLOCK * BASES_BLOCK;
		if (n <= 0)
			result = -1;
		for (ssize_t i = 0; i < n; i += BASES_BLOCK)
			if (!note(bytes + i, (uint64_t)(at + i), where))
				result = -1;
		at += n;
	}
	free(bytes);
	return result;
}

int
seed_find(int image, uint64_t where[BASES_SEED])
{
	int result;

	memset(where, 0, BASES_SEED * sizeof(*where));
	result = scan(image, where);
	for (size_t i = 0; i < BASES_SEED; i++)
		if (!where[i])
			result = -1;
	if (result == -1)
		log_error("the base's /" SEED_FILE
			  " is not found in its image; take another root tree, or leave base: out");
	return result;
}

/* Files and links alone: of the folders above them the guest's own rights hold. */
static const char pack[] =
    "find . ! -type d -print0 | tar --create --format=gnu --numeric-owner --null --no-recursion "
    "--files-from=- --file=\"$1\"";

int
seed_pack(const struct guest *guest, const char *work, const char *tree, char out[SEED_BYTES])
{
	char path[TOOL_PATH_MAX], more;
	int at = tree_open(tree), fd, result = -1;
	ssize_t n = -1;

	tool_path(path, "%s/seed.tar", work);
	if (at != -1)
		result = tool_run(at, NULL, (const char *[]){"sh", "-c", pack, "sh", path, NULL});
	if (at != -1)
		close(at);
	fd = result == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd != -1)
		n = read(fd, out, SEED_BYTES);
	if (n > 0 && read(fd, &more, 1) == 0) {
		close(fd);
		return 0;
	}
	if (fd != -1)
		close(fd);
	if (!tool_interrupted())
		log_error("guest %s: what is its own (keys, names) does not fit into the %d KiB that a base "
			  "has for it; "
			  "name fewer ssh-keys, or leave base: out",
		    guest->name, SEED_BYTES >> 10);
	return -1;
}
