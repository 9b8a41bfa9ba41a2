// SPDX-License-Identifier: GPL-2.0
/* One ring with records of two types, told apart by size or by a tag. */
#include "common.h"

struct opened {
	__u32 type;
	__u32 number;
};
struct closed {
	__u32 type;
	__u32 number;
	__u64 bytes;
};
RING(events);
#ifndef WITH_ONE_TYPE
const struct opened *unused_opened __attribute__((unused));
const struct closed *unused_closed __attribute__((unused));
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
	struct opened *opened = bpf_ringbuf_reserve(&events, sizeof(*opened), 0);

	if (opened) {
		opened->type = 1;
		opened->number = 11;
		bpf_ringbuf_submit(opened, 0);
	}
	struct closed *closed = bpf_ringbuf_reserve(&events, sizeof(*closed), 0);

	if (closed) {
		closed->type = 2;
		closed->number = 22;
		closed->bytes = 33;
		bpf_ringbuf_submit(closed, 0);
	}
	return 0;
}
