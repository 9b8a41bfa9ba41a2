// SPDX-License-Identifier: MIT
/*
 * Programs that read memory of the kernel by the address of a map: from its structure plain loads
 * lead to any object. And one that uses maps like every program does.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct btf {
	const char *strings;
} __attribute__((preserve_access_index));

struct bpf_map {
	struct btf *btf;
	__u32 id;
} __attribute__((preserve_access_index));

struct timed {
	struct bpf_timer timer;
	long value;
};

struct numbers {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
};

struct numbers counts SEC(".maps");
struct numbers others SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, int);
	__array(values, struct numbers);
} inner SEC(".maps") = {.values = {[0] = &others}};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct timed);
} timers SEC(".maps");

long seen;

SEC("raw_tp/sys_enter")
int directly(void *ctx)
{
	seen = (long)((struct bpf_map *)&counts)->btf->strings;
	return 0;
}

static __attribute__((noinline)) __u32 id_of(struct bpf_map *map)
{
	return map->id;
}

SEC("raw_tp/sys_enter")
int by_argument(void *ctx)
{
	seen = id_of((void *)&counts) + id_of((void *)&others);
	return 0;
}

static long visit(struct bpf_map *map, int *key, long *value, void *ctx)
{
	seen = map->id;
	return 0;
}

SEC("raw_tp/sys_enter")
int by_element_callback(void *ctx)
{
	long room = 0;

	return (int)bpf_for_each_map_elem(&counts, visit, &room, 0) & 0;
}

static int expire(struct bpf_map *map, int *key, struct timed *value)
{
	seen = map->id;
	return 0;
}

SEC("tc")
int by_timer_callback(void *ctx)
{
	struct timed *value;
	int key = 0;

	value = bpf_map_lookup_elem(&timers, &key);
	if (!value)
		return 0;
	bpf_timer_init(&value->timer, &timers, 0);
	bpf_timer_set_callback(&value->timer, expire);
	return 0;
}

SEC("raw_tp/sys_enter")
int by_inner_map(void *ctx)
{
	struct bpf_map *map;
	int key = 0;

	map = bpf_map_lookup_elem(&inner, &key);
	if (map)
		seen = map->id;
	return 0;
}

#define MAP(map) [map] "i"(&map)

SEC("raw_tp/sys_enter")
__attribute__((naked)) int by_stack(void)
{
	asm volatile("r6 = %[counts] ll;"
		     "r7 = r10;"
		     "r7 += -8;"
		     "*(u64 *)(r7 + 0) = r6;"
		     "r1 = *(u64 *)(r10 - 8);"
		     "r2 = *(u32 *)(r1 + 24);"
		     "r0 = 0;"
		     "exit;" ::MAP(counts));
}

SEC("raw_tp/sys_enter")
__attribute__((naked)) int by_copies(void)
{
	asm volatile("r6 = %[counts] ll;"
		     "r8 = r6;"
		     "r6 = 0;"
		     "call 5;"
		     "r1 = r8;"
		     "if r0 == 0 goto +1;"
		     "r0 = *(u32 *)(r1 + 24);"
		     "r0 = 0;"
		     "exit;" ::MAP(counts));
}

/* On one way only, which is later in the code than the load. */
SEC("raw_tp/sys_enter")
__attribute__((naked)) int by_jump_back(void)
{
	asm volatile("r6 = %[seen] ll;"
		     "r7 = 0;"
		     "r1 = *(u32 *)(r6 + 0);"
		     "if r7 == 1 goto +4;"
		     "r7 = 1;"
		     "r6 = %[counts] ll;"
		     "goto -6;"
		     "r0 = 0;"
		     "exit;" ::MAP(counts),
		     MAP(seen));
}

/* ---- without such loads ---- */

static __attribute__((noinline)) long count_in(void *map, int key)
{
	long *value = bpf_map_lookup_elem(map, &key);

	if (value)
		*value += 1;
	return value ? *value : 0;
}

static long add(struct bpf_map *map, int *key, long *value, long *sum)
{
	*sum += *value + *key;
	return 0;
}

SEC("raw_tp/sys_enter")
int plainly(long *ctx)
{
	void *map = ctx[0] & 1 ? (void *)&counts : (void *)&others;
	long sum = count_in(map, 1) + count_in(&others, 2);
	int key = 0;
	void *found;

	bpf_for_each_map_elem(&counts, add, &sum, 0);
	found = bpf_map_lookup_elem(&inner, &key);
	if (found)
		sum += count_in(found, 3);
	bpf_map_update_elem(&counts, &key, &sum, BPF_ANY);
	return 0;
}
