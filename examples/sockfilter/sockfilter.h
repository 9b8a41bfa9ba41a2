/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef SOCKFILTER_H
#define SOCKFILTER_H

/* Event of the ring buffer `events`: a TCP or UDP packet. */
struct event {
	unsigned int bytes; /* of the packet, its headers included */
	unsigned short from_port;
	unsigned short to_port;
	unsigned char from[16]; /* IPv4: the first four */
	unsigned char to[16];
	unsigned char is_ipv6;
	unsigned char is_udp;
	unsigned char is_outgoing;
	unsigned char tcp_flags; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
};

/* Constants that the guest sets before the load; 0 is any. */
struct config {
	unsigned short port; /* of either side */
	unsigned short protocol;
};

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

_Static_assert(sizeof(struct event) == 44, "struct event has no padding");
_Static_assert(sizeof(struct config) == 4, "struct config has no padding");

#endif /* SOCKFILTER_H */
