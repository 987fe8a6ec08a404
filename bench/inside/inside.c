/*
 * Runs in a guest, and on the host for comparison: what a system call, a process, a page and the disk cost.
 * usage: inside FOLDER; prints name=value pairs: getpid_ns forkexec_us fault_us write_mb_s read_mb_s random_us
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	CALLS = 20000,
	PROCESSES = 100,
	PAGES = 4096,
	PAGE = 4096,
	BLOCK = 1 << 20,
	BLOCKS = 48,
	RANDOM = 1000,
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static double
calls(void)
{
	double begin = now();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getpid);
	return (now() - begin) / CALLS * 1e9;
}

static double
processes(char *self)
{
	double begin = now();

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl(self, self, (char *)NULL);
			_exit(127);
		}
		if (pid == -1 || waitpid(pid, NULL, 0) == -1)
			fail("fork");
	}
	return (now() - begin) / PROCESSES * 1e6;
}

static double
faults(void)
{
	char *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double begin = now();

	if (pages == MAP_FAILED)
		fail("mmap");
	madvise(pages, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (int i = 0; i < PAGES; i++)
		pages[i * PAGE] = 1;
	begin = now() - begin;
	munmap(pages, PAGES * PAGE);
	return begin / PAGES * 1e6;
}

/* To the disk and from it, not from the guest's memory. */
static void
disk(const char *folder, double *write_mb_s, double *read_mb_s, double *random_us)
{
	char path[256], *block = NULL;
	double begin;
	int fd;

	snprintf(path, sizeof(path), "%s/inside.data", folder);
	if (posix_memalign((void **)&block, PAGE, BLOCK) != 0)
		fail("memory");
	memset(block, 7, BLOCK);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd == -1)
		fail(path);
	begin = now();
	for (int i = 0; i < BLOCKS; i++)
		if (write(fd, block, BLOCK) != BLOCK)
			fail("write");
	if (fdatasync(fd) == -1)
		fail("fdatasync");
	*write_mb_s = BLOCKS * 1.048576 / (now() - begin);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	begin = now();
	for (int i = 0; i < BLOCKS; i++)
		if (pread(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK)
			fail("read");
	*read_mb_s = BLOCKS * 1.048576 / (now() - begin);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	srandom(1);
	begin = now();
	for (int i = 0; i < RANDOM; i++)
		if (pread(fd, block, PAGE, random() % (BLOCKS * (BLOCK / PAGE)) * PAGE) != PAGE)
			fail("read");
	*random_us = (now() - begin) / RANDOM * 1e6;
	close(fd);
	unlink(path);
}

int
main(int argc, char **argv)
{
	double write_mb_s, read_mb_s, random_us;

	if (argc != 2)
		return 0; /* what processes() starts */
	disk(argv[1], &write_mb_s, &read_mb_s, &random_us);
	printf(
	    "getpid_ns=%.1f forkexec_us=%.1f fault_us=%.3f write_mb_s=%.1f read_mb_s=%.1f random_us=%.2f\n",
	    calls(), processes(argv[0]), faults(), write_mb_s, read_mb_s, random_us);
	return 0;
}
