/* SPDX-License-Identifier: MIT */
/* Filters of the tools for sockets: by family of addresses, and by ports. */
#ifndef ADDRESS_BPF_H
#define ADDRESS_BPF_H

#include "kernel.bpf.h"

/* Ports that an option takes at most. */
#define PORTS 64

/* Type of options with ports, 80,443: OPTION takes no arrays. */
typedef __u16 port_list[PORTS];

/* Returns true if ports are selected and this one is not among them. */
static __always_inline bool is_other_port(const volatile __u16 *wanted, __u16 port)
{
	for (int i = 0; i < PORTS; i++) {
		if (!wanted[i])
			return i > 0;
		if (wanted[i] == port)
			return false;
	}
	return true;
}

/* Defines the options -4 and -6, and their filter; both together select both. */
#define FAMILY_OPTIONS                                                                             \
	OPTION(const volatile bool, ipv4, false, '4', "only IPv4");                                \
	OPTION(const volatile bool, ipv6, false, '6', "only IPv6");                                \
	static __always_inline bool is_other_family(__u16 family)                                  \
	{                                                                                          \
		return (ipv4 || ipv6) && !(ipv4 && family == AF_INET) &&                           \
		       !(ipv6 && family == AF_INET6);                                              \
	}                                                                                          \
	_Static_assert(AF_INET != AF_INET6, "families differ")

#endif
