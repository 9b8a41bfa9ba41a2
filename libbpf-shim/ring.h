/* SPDX-License-Identifier: MIT */
/* The user side of a BPF ring buffer. */
#ifndef LIBBPF_SHIM_RING_H
#define LIBBPF_SHIM_RING_H

#include <stdbool.h>

#include "batch.h"

struct ring {
	int fd;
	/* Bytes of the data area less one: a power of two. */
	uint64_t mask;
	uint64_t *consumer;
	const uint64_t *producer;
	const uint8_t *data;
	/* Position of the next record: our own, or the one in a memory that shows the ring. */
	uint64_t *cursor;
	uint64_t own_cursor;
	/* That memory, or NULL. */
	uint8_t *shown;
};

/* Maps the ring buffer `fd` with a data area of `size` bytes. The descriptor stays the caller's. */
int ring_open(struct ring *ring, int fd, uint32_t size);

/* Reports whether the kernel has begun a record that was not taken yet; it may still be busy with
 * it. */
bool ring_has_records(const struct ring *ring);

/* Position after the last record that the kernel has begun. */
uint64_t ring_end(const struct ring *ring);

/* Position of the next record to read. */
uint64_t ring_position(const struct ring *ring);

/* Reports whether there is one record at most up to `end`. */
bool ring_is_lean(const struct ring *ring, uint64_t end);

/* Gives what the cursor has passed back to the kernel. */
void ring_release(struct ring *ring);

/* Moves complete records to the batch while they fit; what does not fit stays in the ring. */
void ring_take(struct ring *ring, struct batch *batch);

/*
 * Shows the ring at the start of the `size` bytes at `memory`, in place of what was there: the
 * consumer's page, the producer's, the data twice, and the state that
 * runtime/wasm_bpf/events/ring_pump.wat describes. That mapping takes the place of its own. Bytes
 * of a page; -EINVAL when it is not aligned to that or too small.
 */
int ring_show(struct ring *ring, uint8_t *memory, uint64_t size);

/* Puts empty pages where the ring was shown; maps it elsewhere again. */
void ring_hide(struct ring *ring);

/* Unmaps it; accepts a ring that was never opened. */
void ring_close(struct ring *ring);

#endif
