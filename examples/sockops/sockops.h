/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef SOCKOPS_H
#define SOCKOPS_H

enum event_kind {
	EVENT_CONNECT, /* a connection that was made from here */
	EVENT_ACCEPT,  /* one that was made to here */
	EVENT_CLOSE,
};

/* Event of the ring buffer `events`: the start or end of a TCP connection. */
struct event {
	unsigned long long bytes_sent; /* that the other side has acknowledged */
	unsigned long long bytes_received;
	unsigned int kind;	    /* enum event_kind */
	unsigned int round_trip_us; /* smoothed */
	unsigned int retransmitted; /* segments */
	unsigned short local_port;
	unsigned short remote_port;
	unsigned char local[16]; /* IPv4: the first four */
	unsigned char remote[16];
	unsigned int is_ipv6;
	unsigned int reserved;
};

_Static_assert(sizeof(struct event) == 72, "struct event has no padding");

#endif /* SOCKOPS_H */
