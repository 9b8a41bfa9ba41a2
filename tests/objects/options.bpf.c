// SPDX-License-Identifier: GPL-2.0
/* Variables of every type that a word can set, and what programs see of them. */
#include "common.h"

enum level { LOW, HIGH = 5 };
struct seen {
	int number;
	__u64 min_us;
	__u32 flag;
	__u32 level;
	char text[8];
	__u8 address[4];
	__u32 list[3];
	int state;
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct seen);
} events SEC(".maps");

const volatile int number = -3;
const volatile __u64 min_us = 1;
const volatile _Bool flag = 1;
const volatile enum level level = LOW;
const volatile char text[8] = "abc";
const volatile __u8 address[4];
const volatile __u32 list[3];
int state = 4;

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
	struct seen *seen = bpf_ringbuf_reserve(&events, sizeof(*seen), 0);

	if (!seen)
		return 0;
	__builtin_memset(seen, 0, sizeof(*seen));
	seen->number = number;
	seen->min_us = min_us;
	seen->flag = flag;
	seen->level = level;
	for (int i = 0; i < 8; i++)
		seen->text[i] = text[i];
	for (int i = 0; i < 4; i++)
		seen->address[i] = address[i];
	for (int i = 0; i < 3; i++)
		seen->list[i] = list[i];
	seen->state = state;
	bpf_ringbuf_submit(seen, 0);
	return 0;
}
