/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef TCPSTATES_H
#define TCPSTATES_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define PORTS 64    /* of one side that can be selected */

/* Event of the ring buffer `events`: a state change of a socket. */
struct event {
	unsigned long long socket;
	unsigned long long in_state_ns; /* how long it was in the old one; 0 if that was not seen */
	unsigned int pid;		/* of who ran when it happened, not always the owner */
	unsigned short old_state;	/* the kernel's TCP_*, 1 to 12 */
	unsigned short new_state;
	unsigned short is_ipv6;
	unsigned short local_port;
	unsigned short remote_port;
	unsigned short reserved;
	char comm[COMM_LEN];
	unsigned char local[16]; /* IPv4: the first four */
	unsigned char remote[16];
};

/* Constants that the guest sets before the load; 0 is any. */
struct config {
	unsigned short family; /* 4 or 6 */
	unsigned short reserved;
	unsigned short local_ports[PORTS]; /* zeros follow the last one */
	unsigned short remote_ports[PORTS];
};

_Static_assert(sizeof(struct event) == 80, "struct event has no padding");
_Static_assert(sizeof(struct config) == 4 + 4 * PORTS, "struct config has no padding");

#endif /* TCPSTATES_H */
