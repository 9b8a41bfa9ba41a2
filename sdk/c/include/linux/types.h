/* SPDX-License-Identifier: MIT */
#ifndef __wasm__
#include_next <linux/types.h>
#elif !defined(WASM_BPF_LINUX_TYPES_H)
#define WASM_BPF_LINUX_TYPES_H

#include "../bpf/linux_bpf.h"

typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;

#endif
