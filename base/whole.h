/* Bytes at their place in a file, all of them or -1 with errno; a file that ends too soon is ENODATA. */
#ifndef BASE_WHOLE_H
#define BASE_WHOLE_H

#include <sys/types.h>

int whole_read(int fd, void *, size_t, off_t at);
int whole_write(int fd, const void *, size_t, off_t at);

#endif
