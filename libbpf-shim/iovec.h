/* SPDX-License-Identifier: MIT */
/* A guest's scatter and gather lists. */
#ifndef LIBBPF_SHIM_IOVEC_H
#define LIBBPF_SHIM_IOVEC_H

#include <sys/uio.h>

#include "internal.h"

/* One call takes at most this many that are not empty; more make it a short one. Linux's IOV_MAX.
 */
#define IOV_BATCH 1024

/* A pipe that is writable takes this much (PIPE_BUF). */
#define PIPE_ROOM 4096

/* The iovecs of a guest, at most `limit` bytes of them; their number, or -EFAULT. */
int iovec_gather(const struct shim_memory *memory, uint32_t iovs, uint32_t count, uint64_t limit,
		 struct iovec *iov);

/* 0 and the number of bytes to `out`, or -errno for a result below 0. */
int32_t iovec_result(ssize_t result, void *out);

#endif
