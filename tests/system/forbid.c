/*
 * For tests/system/doctor: a program on a host that forbids something, by a filter of system calls that its
 * children inherit. usage: forbid WORD… -- COMMAND…
 *
 *   ptrace     tracing, as containers' profiles do
 *   wx         files mapped for both writing and executing, but by the loader (MAP_DENYWRITE): a noexec mount
 *   nfnetlink  sockets to netfilter, as a kernel without it does
 *   packet     sockets that capture, likewise
 *   seccomp    filters of system calls, as a kernel without them does
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int
install(struct sock_filter *code, size_t n)
{
	struct sock_fprog program = {(unsigned short)n, code};

	/* Root needs no promise never to gain privilege, and the programs under test shall make theirs themselves. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#define INSTALL(...)                                                                                         \
	({                                                                                                   \
		struct sock_filter code[] = {LOAD(nr), __VA_ARGS__, ALLOW};                                  \
		install(code, sizeof(code) / sizeof(*code));                                                 \
	})

static int
forbid(const char *word)
{
	if (strcmp(word, "ptrace") == 0)
		return INSTALL(IS(SYS_ptrace, 0, 1), REFUSE(EPERM));
	if (strcmp(word, "wx") == 0)
		return INSTALL(IS(SYS_mmap, 0, 6), LOAD(args[2]),
		    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
		    IS(PROT_WRITE | PROT_EXEC, 0, 3), LOAD(args[3]),
		    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_DENYWRITE, 1, 0), REFUSE(EPERM));
	if (strcmp(word, "nfnetlink") == 0)
		return INSTALL(IS(SYS_socket, 0, 5), LOAD(args[0]), IS(AF_NETLINK, 0, 3), LOAD(args[2]),
		    IS(12 /* NETLINK_NETFILTER */, 0, 1), REFUSE(EPROTONOSUPPORT));
	if (strcmp(word, "packet") == 0)
		return INSTALL(
		    IS(SYS_socket, 0, 3), LOAD(args[0]), IS(AF_PACKET, 0, 1), REFUSE(EAFNOSUPPORT));
	if (strcmp(word, "seccomp") == 0)
		return INSTALL(IS(SYS_seccomp, 0, 1), REFUSE(ENOSYS));
	errno = EINVAL;
	return -1;
}

int
main(int argc, char **argv)
{
	int at = 1;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++)
		if (forbid(argv[at]) == -1) {
			perror(argv[at]);
			return 125;
		}
	if (at + 1 >= argc)
		return 125;
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 125;
}
