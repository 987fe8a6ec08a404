/* For tests/system/hostfs_escape: root in a guest asks for sockets: "NAME: REASON" or "NAME: done" for each argument. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* NAME is a path, or @NAME an abstract one. */
static int
ask(const char *name, int type)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd = socket(AF_UNIX, type, 0);

	strncpy(sa.sun_path, name, sizeof(sa.sun_path) - 1);
	if (*name == '@')
		sa.sun_path[0] = '\0';
	else
		n++;
	return fd == -1 || connect(fd, (struct sockaddr *)&sa, n) == -1 ? -1 : (int)write(fd, "x", 1);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int result = ask(argv[i], SOCK_STREAM);

		if (result == -1 && errno == EPROTOTYPE)
			result = ask(argv[i], SOCK_DGRAM);
		printf("%s: %s\n", argv[i], result == -1 ? strerror(errno) : "done");
	}
	return 0;
}
