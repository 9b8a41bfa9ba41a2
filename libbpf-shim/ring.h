/* SPDX-License-Identifier: MIT */
/* The user side of a BPF ring buffer. */
#ifndef LIBBPF_SHIM_RING_H
#define LIBBPF_SHIM_RING_H

#include "batch.h"

struct ring {
	/* Bytes of the data area less one: a power of two. */
	uint64_t mask;
	uint64_t *consumer;
	const uint64_t *producer;
	const uint8_t *data;
};

/* Maps the ring buffer `fd` with a data area of `size` bytes. The descriptor stays the caller's. */
int ring_open(struct ring *ring, int fd, uint32_t size);

/* Moves complete records to the batch while they fit; what does not fit stays in the ring. */
void ring_take(struct ring *ring, struct batch *batch);

/* Unmaps it; a ring that was never opened is none. */
void ring_close(struct ring *ring);

#endif
