// SPDX-License-Identifier: GPL-2.0
/* The variables that Inspektor Gadget's macros leave, with events shorter than their type. */
#include "common.h"

typedef __u32 gadget_errno;
struct event {
	__u32 number;
	gadget_errno error_raw;
	char text[64];
};
struct key {
	__u32 number;
};
struct value {
	__u64 count;
};
#ifdef WITH_MAPITER
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct key);
	__type(value, struct value);
} stats SEC(".maps");
const void *gadget_mapiter_totals___stats __attribute__((unused));
#else
RING(events);
const void *gadget_tracer_calls___events___event __attribute__((unused));
struct event *__gadget_tracer_type_calls __attribute__((unused));
#endif
const volatile __u32 number = 3;
const void *gadget_param_number __attribute__((unused));

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
#ifdef WITH_MAPITER
	struct key key = {number};
	struct value value = {4};

	bpf_map_update_elem(&stats, &key, &value, BPF_ANY);
#else
	struct event event = {.number = number, .error_raw = 2};

	bpf_ringbuf_output(&events, &event, 8, 0);
#endif
	return 0;
}

SEC("*/gadget_program_disabled")
int disabled(void *ctx)
{
	return 0;
}
