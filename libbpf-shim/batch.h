/* SPDX-License-Identifier: MIT */
/* Batches of records from ring buffers and perf event arrays. */
#ifndef LIBBPF_SHIM_BATCH_H
#define LIBBPF_SHIM_BATCH_H

#include <stdint.h>

/* Before each payload: { u32 size; u32 cpu }. The payload is padded to 8 bytes. */
#define RECORD_HEADER 8

struct batch {
	/* Where records go, and how many bytes there are. */
	uint8_t *to;
	uint64_t capacity;
	/* Bytes written so far. */
	uint64_t used;
	uint64_t count;
	/* The first record is longer than all there is: only its header was written. */
	int too_long;
};

static inline uint64_t record_size(uint32_t payload)
{
	return RECORD_HEADER + (((uint64_t)payload + 7) & ~(uint64_t)7);
}

#endif
