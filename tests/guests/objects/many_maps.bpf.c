// SPDX-License-Identifier: MIT
/* Sixty-four maps of 24 MiB each, which take the kernel some time, and as many programs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define MAP(name)                                                                                  \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, 200000);                                                       \
		__type(key, unsigned int);                                                         \
		__type(value, char[64]);                                                           \
	} name SEC(".maps");                                                                       \
	SEC("socket") int use_##name(void *ctx)                                                    \
	{                                                                                          \
		return bpf_map_lookup_elem(&name, &(unsigned int){0}) != 0;                        \
	}
#define EIGHT(name)                                                                                \
	MAP(name##0)                                                                               \
	MAP(name##1)                                                                               \
	MAP(name##2)                                                                               \
	MAP(name##3)                                                                               \
	MAP(name##4)                                                                               \
	MAP(name##5)                                                                               \
	MAP(name##6)                                                                               \
	MAP(name##7)

EIGHT(a)
EIGHT(b)
EIGHT(c)
EIGHT(d)
EIGHT(e)
EIGHT(f)
EIGHT(g)
EIGHT(h)
