/* SPDX-License-Identifier: MIT */
#ifndef __wasm__
#include_next <linux/bpf.h>
#elif !defined(WASM_BPF_LINUX_UAPI_BPF_H)
#define WASM_BPF_LINUX_UAPI_BPF_H

#include <linux/types.h>

#endif
