// SPDX-License-Identifier: MIT
/*
 * Coalesced reading. The kernel wakes the reader of a ring buffer when a record arrives in a ring
 * that was read to its end. A reader that keeps up is woken for nearly every record, and the traced
 * program pays for it with an interrupt each. A reader that waits a moment before it reads on is
 * woken once per wait, and nothing is lost while the buffer holds what arrives meanwhile.
 *
 * Rare records are delivered at once: waiting starts after several waits in a row that ended soon,
 * and ends after several reads that found a single record or none.
 */
#include <stddef.h>

#include "pace.h"

/* A wait that ends within this part of the latency was a short one: four records per latency. */
#define SHORT_PART 4
/* In a row; fewer may be a burst, not a stream. */
#define SHORT_WAITS 8
#define LEAN_READS 4
/*
 * Bytes a nanosecond that are assumed to be written at most. One core that sends 64-byte events in
 * a loop writes up to 1; several cores share the lock of the buffer, and are not faster together.
 */
#define FASTEST_BYTES_PER_NS 1.0
/* Shorter waits cost more than they save. */
#define SHORTEST_NS 50000

void pace_set(struct pace *pace, int64_t latency_ns, uint64_t size)
{
	double half = (double)size / 2 / FASTEST_BYTES_PER_NS;

	*pace = (struct pace){.longest = (double)latency_ns < half ? latency_ns : (int64_t)half};
	if (pace->longest < SHORTEST_NS)
		pace->longest = 0;
	pace->wait = pace->longest;
}

void pace_fill(struct pace *pace, int64_t now, uint64_t filled, uint64_t size)
{
	double wait = (double)(now - pace->looked_at) * ((double)size / 4) / (double)(filled + 1);

	pace->wait = wait < (double)pace->longest ? (int64_t)wait : pace->longest;
	if (pace->wait < SHORTEST_NS)
		pace->wait = 0;
}

int64_t pace_wait(const struct pace *pace, int64_t now)
{
	int64_t left;

	if (!pace->is_pacing)
		return 0;
	left = pace->looked_at + pace->wait - now;
	return left > 0 ? left : 0;
}

void pace_read(struct pace *pace, int64_t now, bool is_lean)
{
	pace->looked_at = now;
	if (!pace->is_pacing)
		return;
	pace->lean_reads = is_lean ? pace->lean_reads + 1 : 0;
	if (pace->lean_reads < LEAN_READS)
		return;
	pace->is_pacing = false;
	pace->lean_reads = 0;
	pace->short_waits = 0;
}

void pace_woken(struct pace *pace, int64_t since, int64_t now)
{
	if (!pace->longest || pace->is_pacing)
		return;
	pace->short_waits = now - since <= pace->longest / SHORT_PART ? pace->short_waits + 1 : 0;
	if (pace->short_waits < SHORT_WAITS)
		return;
	pace->is_pacing = true;
	pace->lean_reads = 0;
}
