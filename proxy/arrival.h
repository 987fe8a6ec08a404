/*
 * What becomes of a datagram that no flow just passes on: it begins one, is gathered, is followed to where its
 * connection went, is brought to the worker that has it, or is dropped and counted.
 */
#ifndef PROXY_ARRIVAL_H
#define PROXY_ARRIVAL_H

#include "proxy/lane.h"

struct arrival {
	struct datagrams *all;
	const struct datagram_door *door;
	const struct udp_datagram *d;
	bool passed_on; /* by another worker, which thinks that the flow is here */
	struct flow_key key;
	struct quic_packet packet;
};

/* From the datagram, what it is and for which flow. false: it is no packet, and counted. */
bool arrival_read(struct arrival *);
/* l: its flow, or NULL. May close flows, l among them. */
void arrival_deal(const struct arrival *, struct lane *l);

#endif
