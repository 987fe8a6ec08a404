/*
 * The capture; see tap.h.
 *
 * The filter is put on the socket directly: libpcap would first shut the socket to drain it, and miss what passes
 * meanwhile. Its snap length alone would not keep whole super-frames from being copied into the ring.
 */
#include "acct/tap.h"
#include "acct/frame.h"
#include "acct/watch.h"
#include "base/log.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	BLOCK_MS = 100,
	TURN_PACKETS = 65536, /* handed over before other events get their turn */
	DRAIN_PACKETS = 1 << 20, /* more than the ring holds */
};

#define REOPEN_S 1.0
/* After a look: the kernel would wake us for each of the ring's blocks, half of which a fast machine fills meanwhile. */
#define REST_S 0.01

struct tap {
	struct ev_loop *loop;
	tap_packet *on_packet;
	void *arg;
	pcap_t *pcap; /* NULL between a failure and its repair */
	ev_io io;
	ev_timer reopen, rest;
	uint32_t *watched;
	size_t n_watched;
	uint64_t dropped_before; /* by handles that are gone */
	struct tap_status status;
};

static int
set_filter(struct tap *tap)
{
	struct sock_filter code[BPF_MAXINSNS];
	size_t n = watch_program(code, BPF_MAXINSNS, tap->watched, tap->n_watched, FRAME_SNAP);
	struct sock_fprog program = {.len = (unsigned short)n, .filter = code};

	tap->status.whole = n == 0;
	if (n == 0) {
		code[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, FRAME_SNAP);
		program.len = 1;
	}
	return setsockopt(pcap_fileno(tap->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* A handle without immediate mode: the kernel wakes us a block at a time. */
static pcap_t *
handle_open(char *why, size_t room)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create("any", error);
	int status;

	if (!pcap) {
		snprintf(why, room, "cannot capture: %s", error);
		return NULL;
	}
	pcap_set_snaplen(pcap, FRAME_SLL2 + FRAME_SNAP);
	pcap_set_timeout(pcap, BLOCK_MS);
	pcap_set_buffer_size(pcap, TAP_RING_BYTES);
	status = pcap_activate(pcap);
	if (status == PCAP_ERROR_PERM_DENIED) {
		snprintf(why, room, "cannot capture: no permission; run as root, or give CAP_NET_RAW");
	} else if (status < 0) {
		snprintf(why, room, "cannot capture: %s", pcap_geterr(pcap));
	} else if (pcap_set_datalink(pcap, DLT_LINUX_SLL2) == -1 || pcap_setnonblock(pcap, 1, error) == -1) {
		snprintf(why, room, "cannot capture: %s", error[0] ? error : pcap_geterr(pcap));
	} else {
		return pcap;
	}
	pcap_close(pcap);
	return NULL;
}

static void
read_dropped(struct tap *tap)
{
	struct pcap_stat stat;

	if (tap->pcap && pcap_stats(tap->pcap, &stat) == 0)
		tap->status.dropped = tap->dropped_before + stat.ps_drop;
}

static void
handle_close(struct tap *tap)
{
	if (!tap->pcap)
		return;
	ev_io_stop(tap->loop, &tap->io);
	ev_timer_stop(tap->loop, &tap->rest);
	read_dropped(tap);
	tap->dropped_before = tap->status.dropped;
	pcap_close(tap->pcap);
	tap->pcap = NULL;
}

static void
on_packet(u_char *arg, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct tap *tap = (struct tap *)arg;

	tap->status.packets++;
	tap->on_packet(tap->arg, span_of(bytes, header->caplen), header->len);
}

/* How many it handed over; a handle that fails is made anew a little later. */
static int
dispatch(struct tap *tap)
{
	int n = tap->pcap ? pcap_dispatch(tap->pcap, TURN_PACKETS, on_packet, (u_char *)tap) : 0;

	if (n >= 0)
		return n;
	log_warn("the capture failed: %s; opening it again", pcap_geterr(tap->pcap));
	handle_close(tap);
	ev_timer_set(&tap->reopen, REOPEN_S, 0);
	ev_timer_start(tap->loop, &tap->reopen);
	return 0;
}

static void
on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct tap *tap = io->data;

	(void)events;
	ev_io_stop(loop, io);
	ev_timer_set(&tap->rest, 0, 0);
	ev_timer_start(loop, &tap->rest);
}

/* While there is something each time, nobody has to be woken for it. */
static void
on_rested(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct tap *tap = timer->data;
	int n = dispatch(tap);

	(void)events;
	if (!tap->pcap)
		return;
	if (n == 0) {
		ev_io_start(loop, &tap->io);
	} else {
		ev_timer_set(timer, n == TURN_PACKETS ? 0 : REST_S, 0);
		ev_timer_start(loop, timer);
	}
}

static void
handle_start(struct tap *tap)
{
	ev_io_set(&tap->io, pcap_get_selectable_fd(tap->pcap), EV_READ);
	ev_io_start(tap->loop, &tap->io);
}

static void
on_reopen(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct tap *tap = timer->data;
	char why[PCAP_ERRBUF_SIZE + 64];

	(void)loop, (void)events;
	tap->pcap = handle_open(why, sizeof(why));
	if (!tap->pcap) {
		log_warn("%s", why);
		ev_timer_set(&tap->reopen, REOPEN_S, 0);
		ev_timer_start(tap->loop, &tap->reopen);
		return;
	}
	tap->status.reopened++;
	if (set_filter(tap) == -1)
		log_warn("cannot filter the capture: %s", strerror(errno));
	handle_start(tap);
}

struct tap *
tap_open(struct ev_loop *loop, tap_packet *packet, void *arg, char *why, size_t room)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap) {
		snprintf(why, room, "no memory");
		return NULL;
	}
	tap->loop = loop;
	tap->on_packet = packet;
	tap->arg = arg;
	ev_init(&tap->io, on_readable);
	ev_timer_init(&tap->reopen, on_reopen, 0, 0);
	ev_timer_init(&tap->rest, on_rested, 0, 0);
	tap->io.data = tap->reopen.data = tap->rest.data = tap;
	tap->pcap = handle_open(why, room);
	if (!tap->pcap) {
		free(tap);
		return NULL;
	}
	if (set_filter(tap) == -1) {
		snprintf(why, room, "cannot filter the capture: %s", strerror(errno));
		pcap_close(tap->pcap);
		free(tap);
		return NULL;
	}
	handle_start(tap);
	return tap;
}

void
tap_close(struct tap *tap)
{
	ev_timer_stop(tap->loop, &tap->reopen);
	handle_close(tap);
	free(tap->watched);
	free(tap);
}

int
tap_watch(struct tap *tap, const uint32_t *ifindexes, size_t n)
{
	uint32_t *copy = calloc(n + 1, sizeof(*copy));

	if (!copy)
		return -1;
	if (n > 0)
		memcpy(copy, ifindexes, n * sizeof(*copy));
	free(tap->watched);
	tap->watched = copy;
	tap->n_watched = n;
	return tap->pcap ? set_filter(tap) : 0;
}

void
tap_drain(struct tap *tap)
{
	int n;

	for (int total = 0; total < DRAIN_PACKETS; total += n) {
		n = dispatch(tap);
		if (n == 0)
			break;
	}
}

const struct tap_status *
tap_status(struct tap *tap)
{
	read_dropped(tap);
	return &tap->status;
}
