/* Images that several guests read; see bases.h. */
#include "base/bases.h"
#include "base/cow.h"
#include "base/remedy.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE = BASES_WORD + 64, VERSION = 1, MODE = 0444, PAGE = 4096 };

int
bases_path(const char *state, const char *name, struct base *b)
{
	int n = snprintf(b->path, sizeof(b->path), "%s/bases/%s.img", state, name);
	int m = snprintf(b->about, sizeof(b->about), "%s/bases/%s.base", state, name);

	if (n > 0 && (size_t)n < sizeof(b->path) && m > 0 && (size_t)m < sizeof(b->about))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* One line into its place. */
static void
take(struct base *b, const char *line, size_t *seeds, unsigned *version)
{
	char word[16];

	if (sscanf(line, "version %u", version) == 1 || sscanf(line, "from %1023[^\n]", b->from) == 1 ||
	    sscanf(line, "fs %15s", b->fs) == 1 || sscanf(line, "size %" SCNu64, &b->size_bytes) == 1 ||
	    sscanf(line, "inode %" SCNu64, &b->inode) == 1 ||
	    sscanf(line, "mtime %" SCNd64 ".%" SCNd64, &b->mtime_s, &b->mtime_ns) == 2 ||
	    sscanf(line, "ctime %" SCNd64 ".%" SCNd64, &b->ctime_s, &b->ctime_ns) == 2 ||
	    sscanf(line, "sha256 %64[0-9a-f]", b->sum) == 1)
		return;
	if (*seeds < BASES_SEED && sscanf(line, "seed %" SCNu64, &b->seed[*seeds]) == 1)
		++*seeds;
	else if (sscanf(line, "ssh %15s", word) == 1) {
		b->openssh |= strcmp(word, "openssh") == 0;
		b->dropbear |= strcmp(word, "dropbear") == 0;
	}
}

int
bases_read(struct base *b)
{
	FILE *in = fopen(b->about, "re");
	unsigned version = 0;
	size_t seeds = 0;
	char line[LINE];

	if (!in)
		return -1;
	while (fgets(line, sizeof(line), in))
		take(b, line, &seeds, &version);
	fclose(in);
	if (version == VERSION && b->size_bytes && strlen(b->sum) == BASES_SUM && seeds == BASES_SEED)
		return 0;
	errno = EINVAL;
	return -1;
}

static void
print(const struct base *b, FILE *out)
{
	fprintf(out, "version %d\nfrom %s\nfs %s\nsize %" PRIu64 "\ninode %" PRIu64 "\n", VERSION, b->from,
	    b->fs, b->size_bytes, b->inode);
	fprintf(out, "mtime %" PRId64 ".%09" PRId64 "\nctime %" PRId64 ".%09" PRId64 "\nsha256 %s\n",
	    b->mtime_s, b->mtime_ns, b->ctime_s, b->ctime_ns, b->sum);
	fprintf(out, "%s%s", b->openssh ? "ssh openssh\n" : "", b->dropbear ? "ssh dropbear\n" : "");
	for (size_t i = 0; i < BASES_SEED; i++)
		fprintf(out, "seed %" PRIu64 "\n", b->seed[i]);
}

int
bases_write(struct base *b)
{
	char made[PATH_MAX + 8];
	struct stat st;
	FILE *out;
	int result = -1, saved;

	if (stat(b->path, &st) == -1)
		return -1;
	b->size_bytes = (uint64_t)st.st_size;
	b->inode = st.st_ino;
	b->mtime_s = st.st_mtim.tv_sec;
	b->mtime_ns = st.st_mtim.tv_nsec;
	b->ctime_s = st.st_ctim.tv_sec;
	b->ctime_ns = st.st_ctim.tv_nsec;
	snprintf(made, sizeof(made), "%s.new", b->about);
	out = fopen(made, "we");
	if (!out)
		return -1;
	print(b, out);
	if (fflush(out) == 0 && fsync(fileno(out)) == 0)
		result = 0;
	saved = errno;
	if (fclose(out) == EOF || (result == 0 && rename(made, b->about) == -1)) {
		saved = errno;
		result = -1;
	}
	if (result == -1)
		unlink(made);
	errno = saved;
	return result;
}

const char *
bases_changed(const struct base *b, bool *same)
{
	struct stat st;

	*same = false;
	if (lstat(b->path, &st) == -1)
		return errno == ENOENT ? "it is gone" : "it cannot be looked at";
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != b->size_bytes)
		return "its size is another";
	if (st.st_mtim.tv_sec != b->mtime_s || st.st_mtim.tv_nsec != b->mtime_ns)
		return "it was written to, or touched";
	*same = true;
	if (st.st_uid != 0 || (st.st_mode & 07777) != MODE)
		return "it is not root's to read alone any more";
	if (st.st_ino != b->inode || st.st_ctim.tv_sec != b->ctime_s || st.st_ctim.tv_nsec != b->ctime_ns)
		return "it was moved, copied or changed since";
	return NULL;
}

const char *
bases_under(const struct base *b, int image)
{
	char head[COW_HEAD];
	ssize_t n = pread(image, head, sizeof(head), 0);
	struct cow cow = {0};
	const char *why = n == -1 ? remedy(errno, NULL) : cow_read(span_of(head, (size_t)n), &cow);

	if (!why && (cow.size_bytes != b->size_bytes || cow.mtime_s != (uint32_t)b->mtime_s))
		why = "it was begun on another base";
	return why;
}

/* --- its content ---------------------------------------------------------------------------------- */

static int
sum_block(EVP_MD_CTX *md, uint64_t number, const unsigned char *block)
{
	static const unsigned char zeros[PAGE];
	uint64_t big = htobe64(number);

	if (memcmp(block, zeros, PAGE) == 0)
		return 1;
	return EVP_DigestUpdate(md, &big, sizeof(big)) && EVP_DigestUpdate(md, block, PAGE);
}

/* Of what is no hole, whole blocks. */
static int
sum_data(int fd, EVP_MD_CTX *md)
{
	enum { CHUNK = 64 * PAGE };
	static unsigned char bytes[CHUNK];
	off_t end = lseek(fd, 0, SEEK_END), at = 0;

	while (at < end) {
		off_t data = lseek(fd, at, SEEK_DATA);
		ssize_t n;

		if (data == -1)
			return errno == ENXIO ? 0 : -1;
		at = data / PAGE * PAGE;
		n = pread(fd, bytes, CHUNK, at);
		if (n <= 0)
			return n;
		memset(bytes + n, 0, (size_t)(CHUNK - n));
		for (ssize_t i = 0; i < n; i += PAGE)
			if (!sum_block(md, (uint64_t)(at + i) / PAGE, bytes + i)) {
				errno = EIO;
				return -1;
			}
		at += n / PAGE * PAGE + (n % PAGE ? PAGE : 0);
	}
	return 0;
}

int
bases_sum(int fd, char sum[BASES_SUM + 1])
{
	unsigned char md[BASES_SUM / 2];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0;
	int result = -1;

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		errno = ENOMEM;
	else if (sum_data(fd, ctx) == 0 && EVP_DigestFinal_ex(ctx, md, &n) && n == sizeof(md))
		result = 0;
	for (size_t i = 0; result == 0 && i < sizeof(md); i++)
		snprintf(sum + 2 * i, 3, "%02x", md[i]);
	EVP_MD_CTX_free(ctx);
	return result;
}
