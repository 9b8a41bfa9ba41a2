/* SPDX-License-Identifier: MIT */
#include_next <netinet/in.h>

#include <sys/socket.h>

#ifndef WASM_BPF_COMPAT_NETINET_IN_H
#define WASM_BPF_COMPAT_NETINET_IN_H

/* Linux's, where wasi-libc has not all. */
#ifndef IPPROTO_ENCAP
#define IPPROTO_ENCAP 98
#endif
#ifndef IPPROTO_TP
#define IPPROTO_TP 29
#endif
#ifndef IPPROTO_MTP
#define IPPROTO_MTP 92
#endif
#ifndef IPPROTO_BEETPH
#define IPPROTO_BEETPH 94
#endif
#ifndef IPPROTO_MPLS
#define IPPROTO_MPLS 137
#endif

#endif /* WASM_BPF_COMPAT_NETINET_IN_H */
