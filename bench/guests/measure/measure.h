/* SPDX-License-Identifier: MIT */
/* What the measured programs agree on: the eBPF half, the guest, the native twin and the producer.
 */
#ifndef MEASURE_H
#define MEASURE_H

#define FILL_RING_SIZE (16 * 1024 * 1024)
/* As many 64-byte events as fit there, each with the kernel's header of 8. */
#define FILL_COUNT 230400

#define NUMBERED_RING_SIZE (256 * 1024)
/* First argument of getpriority(2) that nobody else uses; the second is a number of events. */
#define PRODUCE_WHICH 0x77617370

#define LOOKUP_COUNT 1000000
#define HASH_USED 1000

#define BATCH_TOTAL 100000
#define BATCH_SIZE 4096

/* 64 bytes. */
struct event {
	/* Counts every attempt to send one, dropped or not. */
	unsigned long long number;
	/* How many attempts before this one found the ring full. */
	unsigned long long dropped;
	unsigned long long padding[6];
};

/* What a consumer has seen of numbered events. */
struct tally {
	unsigned long long received;
	unsigned long long next;
	unsigned long long dropped;
	/* Events whose number is not explained by the kernel's own count of drops. */
	unsigned long long wrong;
};

static inline void tally_event(struct tally *tally, const struct event *event)
{
	if (event->number - tally->next != event->dropped - tally->dropped)
		tally->wrong++;
	tally->received++;
	tally->next = event->number + 1;
	tally->dropped = event->dropped;
}

#endif
