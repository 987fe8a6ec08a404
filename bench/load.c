/* bench-load: the bench's clients and servers; see load.h. */
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

void
die(const char *what)
{
	perror(what);
	exit(1);
}

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int
usage(void)
{
	fputs(
	    "usage: bench-load serve [-p PORT] ADDRESS…\n"
	    "       bench-load frames from|to PREFIX TAPS PACKETS\n"
	    "       bench-load poll\n"
	    "       bench-load tls|close|keep|bulk|connect|idle -a ADDRESS -p PORT [-c connections] [-t "
	    "seconds]\n"
	    "                  [-r rate] [-n names] [-g guests [-f]] [-b answer bytes] [-k requests] [-e]\n",
	    stderr);
	return 2;
}

static int
mode_of(const char *word)
{
	static const char *const words[] = {
	    [MODE_TLS] = "tls",
	    [MODE_CLOSE] = "close",
	    [MODE_KEEP] = "keep",
	    [MODE_BULK] = "bulk",
	    [MODE_CONNECT] = "connect",
	    [MODE_IDLE] = "idle",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return -1;
}

static bool
set(struct load *l, int option, const char *arg)
{
	switch (option) {
	case 'a':
		l->address = arg;
		return true;
	case 'p':
		l->port = (unsigned)atoi(arg);
		return true;
	case 'c':
		l->connections = (unsigned)atoi(arg);
		return true;
	case 't':
		l->seconds = atof(arg);
		return true;
	case 'r':
		l->rate = (unsigned)atoi(arg);
		return true;
	case 'n':
		l->names = (unsigned)atoi(arg);
		return true;
	case 'g':
		l->guests = (unsigned)atoi(arg);
		return true;
	case 'b':
		l->answer_bytes = strtoull(arg, NULL, 10);
		return true;
	case 'k':
		l->requests = (unsigned)atoi(arg);
		return true;
	case 'f':
		l->far = true;
		return true;
	case 'e':
		l->server_closes = true;
		return true;
	default:
		return false;
	}
}

int
main(int argc, char **argv)
{
	struct load l = {
	    .connections = 64, .seconds = 2, .names = 205, .answer_bytes = 4096, .requests = 100};
	int mode = argc > 1 ? mode_of(argv[1]) : -1, option;

	prctl(PR_SET_TIMERSLACK, 1UL);
	if (argc > 4 && strcmp(argv[1], "serve") == 0 && strcmp(argv[2], "-p") == 0)
		return serve(argv + 4, argc - 4, (unsigned)atoi(argv[3]));
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		return serve(argv + 2, argc - 2, 0);
	if (argc == 6 && strcmp(argv[1], "frames") == 0 && atoi(argv[4]) > 0)
		return frames(argv[2], argv[3], (unsigned)atoi(argv[4]), strtoull(argv[5], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "poll") == 0)
		return poll_links();
	if (mode == -1)
		return usage();
	l.mode = (enum mode)mode;
	for (optind = 2; (option = getopt(argc, argv, "a:p:c:t:r:n:g:b:k:ef")) != -1;)
		if (!set(&l, option, optarg))
			return usage();
	if (l.mode == MODE_BULK)
		l.answer_bytes = UINT64_MAX;
	return l.address && l.port && l.names && l.connections ? load(&l) : usage();
}
