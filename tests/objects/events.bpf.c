// SPDX-License-Identifier: GPL-2.0
/* Records of every way to hand them out, by the macro that the corpus defines. */
#include "common.h"

struct event {
	int number;
	__u64 value;
	char comm[16];
};

static __always_inline void fill(struct event *event)
{
	__builtin_memset(event, 0, sizeof(*event));
	event->number = 7;
	event->value = 1234567;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

#ifdef WITH_PERF
#ifdef WITH_VALUE
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, struct event);
} events SEC(".maps");
#else
PERF(events);
#endif
#elif defined(WITH_VALUE)
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct event);
} events SEC(".maps");
#elif defined(WITH_NO_SIZE)
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
} events SEC(".maps");
#else
RING(events);
#endif

#ifdef WITH_POINTER
const struct event *unused_event __attribute__((unused));
#endif
#ifdef WITH_DUMMY
const volatile struct event *__eunomia_dummy_event_ptr = 0;
#endif
#ifdef WITH_HASH
/* A map of the same struct keeps its type: the size rule finds it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, struct event);
} kept SEC(".maps");
#endif
#ifdef WITH_TWO
struct other {
	int number;
	__u64 value;
	char text[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, struct other);
} more SEC(".maps");
#endif

#ifndef HOOK
#define HOOK "tp/syscalls/sys_enter_getpgid"
#endif

SEC(HOOK)
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
#ifdef WITH_PERF
	struct event event;

	fill(&event);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
#elif defined(WITH_OUTPUT)
	struct event event;

	fill(&event);
	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
#else
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	fill(event);
	bpf_ringbuf_submit(event, 0);
#endif
	return 0;
}
