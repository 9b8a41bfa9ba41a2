/* SPDX-License-Identifier: MIT */
/*
 * Definitions shared by the measured programs: the eBPF half, the guest, the native twin and the
 * producer.
 */
#ifndef MEASURE_H
#define MEASURE_H

#define FILL_RING_SIZE (16 * 1024 * 1024)
/* As many 64-byte events as fit there, each with the kernel's header of 8. */
#define FILL_COUNT 230400

#define NUMBERED_RING_SIZE (256 * 1024)
/* Otherwise unused first argument of getpriority(2); the second is a number of events. */
#define PRODUCE_WHICH 0x77617370

/*
 * Produces one event a call, with its time, into a ring of FILL_RING_SIZE or to a perf event array.
 */
#define STREAM_WHICH 0x77617371

#define LOOKUP_COUNT 200000
#define HASH_USED 1000

/* Values of one element of a per-CPU map, at most. */
#define CPUS_MAX 1024

#define BATCH_TOTAL 100000
#define BATCH_SIZE 4096

/* 64 bytes. */
struct event {
	/* Counts every attempt to send one, dropped or not. */
	unsigned long long number;
	/* Attempts before this one that found the ring full. */
	unsigned long long dropped;
	/* CLOCK_MONOTONIC, of streamed events. */
	unsigned long long time;
	unsigned long long padding[5];
};

/* Numbered events that a consumer has seen. */
struct tally {
	unsigned long long received;
	unsigned long long next;
	unsigned long long dropped;
	/* Events whose number is not explained by the kernel's own count of drops. */
	unsigned long long wrong;
};

#ifndef __bpf__
#include <stdio.h>
#include <time.h>

/* Delays of streamed events: buckets of 10 us, the last for all above. */
#define LATENCY_BUCKETS 100000
#define LATENCY_BUCKET_NS 10000

/* Events in two halves: in the first one, what the guest does is compiled. */
struct stream {
	struct tally tally;
	double cpu_start, cpu_middle, cpu_end;
	unsigned long long total;
	/*
	 * True if each event's delay is measured, which costs a reading of the clock; and if only
	 * those of the later half count.
	 */
	int is_timed, is_later;
	unsigned int latency[LATENCY_BUCKETS];
};

/* "timed", or "later": as the fields say. */
static inline void time_stream(struct stream *stream, const char *how)
{
	stream->is_timed = 1;
	stream->is_later = *how == 'l';
}

static inline void tally_event(struct tally *tally, const struct event *event)
{
	if (event->number - tally->next != event->dropped - tally->dropped)
		tally->wrong++;
	tally->received++;
	tally->next = event->number + 1;
	tally->dropped = event->dropped;
}

static inline double clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline void stream_event(struct stream *stream, const struct event *event)
{
	if (!stream->tally.received)
		stream->cpu_start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	tally_event(&stream->tally, event);
	if (event->number == stream->total / 2)
		stream->cpu_middle = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (stream->is_timed) {
		double late = (clock_ns(CLOCK_MONOTONIC) - (double)event->time) / LATENCY_BUCKET_NS;
		unsigned int bucket = late < 0			   ? 0
				      : late < LATENCY_BUCKETS - 1 ? (unsigned int)late
								   : LATENCY_BUCKETS - 1;

		if (!stream->is_later || event->number > stream->total / 2)
			stream->latency[bucket]++;
	}
	/* The last one comes after a pause, in which nothing was to be done. */
	if (event->number + 2 == stream->total)
		stream->cpu_end = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* The delay, in microseconds, that a part of the events did not exceed. */
static inline double stream_latency(const struct stream *stream, double part)
{
	double left = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		left += part * stream->latency[i];

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		left -= stream->latency[i];
		if (left <= 0)
			return (i + 1) * LATENCY_BUCKET_NS / 1e3;
	}
	return -1;
}

/*
 * CPU of this process an event, in the first half and in the other; events dropped, events out of
 * order, median and 99th delay.
 */
static inline void print_stream(const struct stream *stream)
{
	const double half = (double)(stream->total / 2);

	printf("%.2f %.2f %llu %llu %.0f %.0f\n", (stream->cpu_middle - stream->cpu_start) / half,
	       (stream->cpu_end - stream->cpu_middle) / ((double)stream->total - 2 - half),
	       stream->tally.dropped, stream->tally.wrong, stream_latency(stream, 0.5),
	       stream_latency(stream, 0.99));
}

#endif /* __bpf__ */

#endif
