/* Bytes at their place in a file; see whole.h. */
#include "base/whole.h"

#include <errno.h>
#include <unistd.h>

int
whole_read(int fd, void *bytes, size_t n, off_t at)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(fd, (char *)bytes + done, n - done, at + (off_t)done);

		if (got == 0)
			errno = ENODATA;
		if (got <= 0)
			return -1;
		done += (size_t)got;
	}
	return 0;
}

/* After a short one the next one tells why. */
int
whole_write(int fd, const void *bytes, size_t n, off_t at)
{
	for (size_t done = 0; done < n;) {
		ssize_t put = pwrite(fd, (const char *)bytes + done, n - done, at + (off_t)done);

		if (put == 0)
			errno = ENOSPC;
		if (put <= 0)
			return -1;
		done += (size_t)put;
	}
	return 0;
}
