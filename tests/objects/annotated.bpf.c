// SPDX-License-Identifier: GPL-2.0
/* An object that annotations describe; without them, two types fit, and another map is shown. */
#include "common.h"
#include "records.bpf.h"

#ifdef WITH_OPTIONS
enum choice { NONE, SOME };
OPTION(const volatile enum choice, choice, NONE, 'c', "what is shown");
OPTION(const volatile __u32, list, 0, 'l', "print names");
NUMBERS(choice);
LISTS(list, syscall);
#endif
#ifdef WITH_WRONG_WORDS
OPTION(const volatile __u32, list, 0, 'l', "print names");
LISTS(list, ipv4);
#endif
#ifdef WITH_WRONG_NUMBERS
NUMBERS(choice);
#endif
#ifdef WITH_OPTIONS
#define IF_CHOSEN SHOWN_IF(choice)
#elif defined(WITH_WRONG_CONDITION)
#define IF_CHOSEN SHOWN_IF(chioce)
#else
#define IF_CHOSEN
#endif

struct event {
	__u32 number;
	__u32 addr FORMAT(ipv4) IF_CHOSEN;
};
struct twin {
	__u32 first;
	__u32 second;
};
struct row {
	__u64 calls;
	__u64 total_ns;
};

RING(events);
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} events_lost_samples SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct row);
} rows SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[20]);
} sizes SEC(".maps");

const struct twin *keep_twin;

#ifdef WITH_RECORDS
RECORDS(events, struct event);
#endif
#ifdef WITH_TABLE
TABLE(rows, SORT(-calls), LIMIT(2));
#endif
#ifdef WITH_HISTOGRAM
HISTOGRAM(sizes, UNIT(bytes), LINEAR(10));
#endif
#ifdef WITH_WRONG_MAP
TABLE(rowz, LIMIT(2));
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	struct event event = {.number = 7, .addr = 0x0100007f};
	struct row row = {};
	__u64 slots[20] = {};
	__u64 *lost;
	__u32 first = 0;

	(void)ctx;
	if (!is_wanted())
		return 0;
	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	for (__u32 i = 1; i <= 3; i++) {
		row.calls = i;
		bpf_map_update_elem(&rows, &i, &row, BPF_ANY);
	}
	slots[3] = 5;
	bpf_map_update_elem(&sizes, &first, slots, BPF_ANY);
	lost = bpf_map_lookup_elem(&events_lost_samples, &first);
	if (lost)
		*lost = 3;
	return 0;
}
