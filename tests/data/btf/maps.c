/* SPDX-License-Identifier: MIT */
/* An object as people write them: what gen takes by default. */
#include "corpus.h"

struct mp_key {
	u32 pid;
	char comm[16];
};

struct mp_value {
	u64 count;
	long total;
	struct mp_key first;
};

typedef struct {
	u16 port;
	u32 address;
} mp_typedef;

struct mp_event {
	u64 time;
	int pid;
	u8 kind;
};

struct mp_only_in_subprogram {
	u64 a;
	u8 b;
};

struct {
	__uint(type, 1);
	__uint(max_entries, 16);
	__type(key, struct mp_key);
	__type(value, struct mp_value);
} hash SEC(".maps");

struct {
	__uint(type, 2);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(
	    value, struct {
		    u8 a;
		    u32 b;
	    });
} array SEC(".maps");

struct mp_inner {
	__uint(type, 2);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, mp_typedef);
} inner SEC(".maps");

struct {
	__uint(type, 13);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct mp_inner);
} outer SEC(".maps") = {.values = {&inner}};

struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} events SEC(".maps");

const struct mp_event *unused_event __attribute__((unused));

const volatile u64 minimum = 7;
const volatile _Bool verbose;
const volatile char name[16] = "mp";
u64 total;
static u64 hidden;
struct {
	u8 a;
	long b;
} settings = {1, 2};
struct mp_value custom SEC(".data.custom") = {.count = 3};
char LICENSE[] SEC("license") = "GPL";

static __attribute__((noinline)) u64 weigh(const struct mp_only_in_subprogram *x)
{
	return x->a + x->b;
}

SEC("raw_tp")
int mp_program(void *ctx)
{
	struct mp_only_in_subprogram x = {(u64)ctx, (u8)total};

	hidden++;
	total += weigh(&x) + minimum + verbose + settings.a + hidden + (u8)name[0];
	custom.total = (long)total;
	return 0;
}
