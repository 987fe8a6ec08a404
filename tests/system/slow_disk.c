/* Preloaded: by the clock that only goes forward, each look into a file at a place takes a second. See live_backup. */
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

static long passed_s;

ssize_t
pread(int fd, void *bytes, size_t n, off_t at)
{
	static ssize_t (*next)(int, void *, size_t, off_t);

	if (!next)
		next = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
	passed_s++;
	return next(fd, bytes, n, at);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*next)(clockid_t, struct timespec *);
	int result;

	if (!next)
		next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	result = next(clock, t);
	if (clock == CLOCK_MONOTONIC)
		t->tv_sec += passed_s;
	return result;
}
