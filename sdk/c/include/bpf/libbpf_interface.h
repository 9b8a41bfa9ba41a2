/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces by number, for programs that give names to if_nametoindex() and the number to
 * libbpf. The host takes names; a guest is given a number of its own for each. 1 is "lo" in every
 * network namespace.
 */
#ifndef WASM_BPF_LIBBPF_INTERFACE_H
#define WASM_BPF_LIBBPF_INTERFACE_H

#include "libbpf_common.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LIBBPF_WASM_LOOPBACK 1
/* The guest's own numbers start here, above those of real interfaces. */
#define LIBBPF_WASM_FIRST_INTERFACE 0x40000000

#define LIBBPF_WASM_INTERFACES 16
#define LIBBPF_WASM_INTERFACE_BYTES 16

__attribute__((
    weak)) char libbpf_wasm_interfaces[LIBBPF_WASM_INTERFACES][LIBBPF_WASM_INTERFACE_BYTES];

/* The number of a name, which need not exist: 0 with errno set when there are too many. */
static inline unsigned int libbpf_wasm_interface_index(const char *name)
{
	if (!strcmp(name, "lo"))
		return LIBBPF_WASM_LOOPBACK;
	if (!name[0] || strlen(name) >= LIBBPF_WASM_INTERFACE_BYTES) {
		errno = ENODEV;
		return 0;
	}
	for (unsigned int i = 0; i < LIBBPF_WASM_INTERFACES; i++) {
		if (!libbpf_wasm_interfaces[i][0])
			memcpy(libbpf_wasm_interfaces[i], name, strlen(name) + 1);
		if (!strcmp(libbpf_wasm_interfaces[i], name))
			return LIBBPF_WASM_FIRST_INTERFACE + i;
	}
	errno = ENOSPC;
	return 0;
}

/* The name of a number that libbpf_wasm_interface_index() gave; NULL with errno ENXIO. */
static inline const char *libbpf_wasm_interface_name(unsigned int index)
{
	const unsigned int i = index - LIBBPF_WASM_FIRST_INTERFACE;

	if (index == LIBBPF_WASM_LOOPBACK)
		return "lo";
	if (i < LIBBPF_WASM_INTERFACES && libbpf_wasm_interfaces[i][0])
		return libbpf_wasm_interfaces[i];
	errno = ENXIO;
	return NULL;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_INTERFACE_H */
