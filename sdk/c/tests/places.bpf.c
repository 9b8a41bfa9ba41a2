// SPDX-License-Identifier: MIT
/* Programs and maps of many kinds, for what is set of them before the load and where they go. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern int LINUX_KERNEL_VERSION __kconfig;
extern char CONFIG_NO_SUCH_OPTION[7] __kconfig __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, unsigned int);
	__type(value, unsigned int);
} numbers SEC(".maps");

unsigned int version, runs;
char option;

static int send(void)
{
	unsigned int run = ++runs;

	version = LINUX_KERNEL_VERSION;
	option = CONFIG_NO_SUCH_OPTION[0];
	return bpf_ringbuf_output(&events, &run, sizeof(run), 0);
}

/* In the file's order of sections it comes after both programs of the first one. */
SEC("tp/syscalls/sys_enter_getrandom")
int first(void *ctx)
{
	return send();
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tp/syscalls/sys_enter_getrandom")
int third(void *ctx)
{
	return 0;
}

/* Bytes of a call that is the test's own: other processes make the call, too. */
#define OWN_CALL 71

/* Fields of sys_enter_getrandom, as tracefs describes them. */
struct getrandom_call {
	unsigned long long common;
	long number;
	unsigned long buffer, size, flags;
};

/* Sections without a target. */
SEC("tp")
int anywhere(struct getrandom_call *ctx)
{
	return ctx->size == OWN_CALL ? send() : 0;
}

SEC("raw_tp")
int raw(void *ctx)
{
	return send();
}

struct meta {
	void *seq;
};

struct iterator {
	struct meta *meta;
};

SEC("?iter/task")
int iterate(struct iterator *ctx)
{
	static const char text[] = "x";

	bpf_seq_write(ctx->meta->seq, text, 1);
	return 0;
}

SEC("?kprobe/no_such_function")
int probe(void *ctx)
{
	return 0;
}

/* The kernel takes it as another kind of program. */
SEC("?socket")
int filter(void *ctx)
{
	return 1;
}
