// SPDX-License-Identifier: MIT
/* Arena that requests an address for its mapping, with global variables in it. */
#include "count.h"

COUNTER("tp/sched/sched_process_exec", tp, 0)

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
	__uint(map_extra, 0x10000000);
} arena SEC(".maps");

/* Three pages of 4 KiB. */
char globals[3 * 4096] SEC(".addr_space.1") = "in the arena";
