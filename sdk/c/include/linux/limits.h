/* SPDX-License-Identifier: MIT */
#ifndef __wasm__
#include_next <linux/limits.h>
#elif !defined(WASM_BPF_LINUX_LIMITS_H)
#define WASM_BPF_LINUX_LIMITS_H

#include <limits.h>

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif
#ifndef NAME_MAX
#define NAME_MAX 255
#endif

#endif
