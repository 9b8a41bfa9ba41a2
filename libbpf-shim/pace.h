/* SPDX-License-Identifier: MIT */
/* When a reader that keeps up waits before it reads on; docs/internals/event-path.md has why. */
#ifndef LIBBPF_SHIM_PACE_H
#define LIBBPF_SHIM_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	/* Longest wait, in nanoseconds: the promised latency, less for small buffers; 0: never. */
	int64_t longest;
	/* Wait at the rate of the last read, at most the longest. */
	int64_t wait;
	/* When the last wait reported records. */
	int64_t looked_at;
	/* Waits in a row that records ended soon. */
	uint32_t short_waits;
	/* Reads in a row, while pacing, that found a single record or none. */
	uint32_t lean_reads;
	bool is_pacing;
};

/*
 * Sets the latency for a buffer of `size` bytes: the wait is at most the time in which a producer
 * at full speed fills half of it.
 */
void pace_set(struct pace *pace, int64_t latency_ns, uint64_t size);

/*
 * Notes, before pace_read(), that `filled` bytes of a buffer of `size` came since the last read:
 * the next wait lets a quarter be filled at that rate. For buffers that wake their reader when they
 * are half full, whatever the rate was before; set those up with a `size` of UINT64_MAX.
 */
void pace_fill(struct pace *pace, int64_t now, uint64_t filled, uint64_t size);

/* Nanoseconds to wait, from `now`, before the next read; 0 to read at once. */
int64_t pace_wait(const struct pace *pace, int64_t now);

/* Notes a read: records were there at `now`, more than one or not. */
void pace_read(struct pace *pace, int64_t now, bool is_lean);

/* Notes that a wait for the first record began at `since` and ended at `now`. */
void pace_woken(struct pace *pace, int64_t since, int64_t now);

#endif
