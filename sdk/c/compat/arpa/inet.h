/* SPDX-License-Identifier: MIT */
/* Addresses as text, by Linux's numbers of families. */
#include_next <arpa/inet.h>

#include <netinet/in.h>

#ifndef WASM_BPF_COMPAT_ARPA_INET_H
#define WASM_BPF_COMPAT_ARPA_INET_H

#ifdef __cplusplus
extern "C" {
#endif

/* wasi-libc's number of a family; -1 is none of its. */
static inline int libbpf_wasm_family(int family)
{
	return family == AF_INET ? 1 : family == AF_INET6 ? 2 : -1;
}

static inline const char *libbpf_wasm_inet_ntop(int family, const void *address, char *text,
						socklen_t size)
{
	return inet_ntop(libbpf_wasm_family(family), address, text, size);
}
#define inet_ntop(family, address, text, size) libbpf_wasm_inet_ntop(family, address, text, size)

static inline int libbpf_wasm_inet_pton(int family, const char *text, void *address)
{
	return inet_pton(libbpf_wasm_family(family), text, address);
}
#define inet_pton(family, text, address) libbpf_wasm_inet_pton(family, text, address)

/** @brief The next call but seven overwrites the text. */
static inline char *libbpf_wasm_inet_ntoa(struct in_addr address)
{
	static char texts[8][16];
	static unsigned int next;
	char *text = texts[next++ % 8];

	libbpf_wasm_inet_ntop(AF_INET, &address, text, sizeof(texts[0]));
	return text;
}
#define inet_ntoa(address) libbpf_wasm_inet_ntoa(address)

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_ARPA_INET_H */
