/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef TCPCONNLAT_H
#define TCPCONNLAT_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */

/* Event of the ring buffer `events`: a connection that was made. */
struct event {
	unsigned long long latency_ns; /* from the first SYN to the SYN-ACK */
	unsigned int pid;
	unsigned short is_ipv6;
	unsigned short local_port;
	unsigned short remote_port;
	unsigned short reserved[3];
	char comm[COMM_LEN];
	unsigned char local[16]; /* IPv4: the first four */
	unsigned char remote[16];
};

/* Constants that the guest sets before the load. */
struct config {
	unsigned long long least_ns; /* only connections that took as long */
	unsigned int pid;	     /* only this process, or 0 */
	unsigned int reserved;
};

_Static_assert(sizeof(struct event) == 72, "struct event has no padding");
_Static_assert(sizeof(struct config) == 16, "struct config has no padding");

#endif /* TCPCONNLAT_H */
