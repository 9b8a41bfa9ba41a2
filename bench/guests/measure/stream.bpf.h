/* SPDX-License-Identifier: MIT */
/* Numbered events, one for each getpriority(STREAM_WHICH); for objects that include measure.h. */
#ifndef STREAM_BPF_H
#define STREAM_BPF_H

static unsigned long long attempts;
static unsigned long long drops;

struct getpriority_args {
	unsigned long long common;
	long nr;
	long which;
	long who;
};

/* Reserves and fills the next event, without its padding; NULL for other calls and in a full ring.
 */
static __always_inline struct event *next_event(void *ring, const struct getpriority_args *args)
{
	struct event *event;

	if (args->which != STREAM_WHICH)
		return NULL;
	event = bpf_ringbuf_reserve(ring, sizeof(*event), 0);
	if (!event) {
		attempts++;
		drops++;
		return NULL;
	}
	event->number = attempts++;
	event->dropped = drops;
	event->time = bpf_ktime_get_ns();
	return event;
}

#endif
