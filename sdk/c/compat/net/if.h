/* SPDX-License-Identifier: MIT */
/* Interfaces by name; the numbers are the guest's own, except that of the loopback interface. */
#ifndef WASM_BPF_COMPAT_NET_IF_H
#define WASM_BPF_COMPAT_NET_IF_H

#include <bpf/libbpf_interface.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IF_NAMESIZE 16
#define IFNAMSIZ IF_NAMESIZE

/** @brief A number for bpf_program__attach_xdp() and its like; the host looks the name up then. */
static inline unsigned int if_nametoindex(const char *name)
{
	return libbpf_wasm_interface_index(name);
}

/** @brief Returns NULL with ENXIO for kernel numbers other than 1: events have those. */
static inline char *if_indextoname(unsigned int index, char *name)
{
	const char *known = libbpf_wasm_interface_name(index);

	return known ? strcpy(name, known) : NULL;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_NET_IF_H */
