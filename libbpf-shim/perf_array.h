/* SPDX-License-Identifier: MIT */
/* The user side of a perf event array. */
#ifndef LIBBPF_SHIM_PERF_ARRAY_H
#define LIBBPF_SHIM_PERF_ARRAY_H

#include <stddef.h>

#include "batch.h"
#include "perf_quiet.h"

struct perf_array {
	struct perf_buffer *buffer;
	/* Where the next batch starts, so that no CPU starves another. */
	size_t next_cpu;
	uint64_t lost;
	/* A record that a batch had no room for, and its size: 0 without one. */
	uint8_t *held;
	uint64_t held_size;
	/* The batch in progress. */
	struct batch *batch;
	struct perf_quiet quiet;
	/* Of one CPU. */
	uint64_t ring_bytes;
	/* Bytes of the busiest CPU's records, summed over the looks since the caller reset it. */
	uint64_t filled;
	/* Bytes of the CPU in progress. */
	uint64_t filled_here;
};

/* The most that one record takes: perf_event_header.size has 16 bits. */
#define PERF_RECORD_MAX (RECORD_HEADER + 65536)

/* Opens a buffer on every CPU. */
int perf_array_open(struct perf_array *array, int fd);

/* Moves records to the batch while they fit; the one that does not is the first of the next batch.
 */
int perf_array_take(struct perf_array *array, struct batch *batch);

/* Frees it; accepts an array that was never opened. */
void perf_array_close(struct perf_array *array);

#endif
