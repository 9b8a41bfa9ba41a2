// SPDX-License-Identifier: MIT
/*
 * Sample for the fuzz test with one of each thing that libbpf parses in an object, in addition to
 * the objects of other tests. It need not load.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";
unsigned int kernel_version SEC("version") = 1;

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern _Bool LINUX_HAS_BPF_COOKIE __kconfig __weak;
extern unsigned long CONFIG_HZ __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[64] __kconfig __weak;
extern enum libbpf_tristate CONFIG_BPF_JIT __kconfig __weak;
extern const void schedule __ksym __weak;
extern const int bpf_stats_enabled_key __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_kfunc_that_is_not_there(int) __ksym __weak;

struct task_struct {
	int pid;
	struct task_struct *group_leader;
} __attribute__((preserve_access_index));

struct task_struct___other {
	long no_such_field;
} __attribute__((preserve_access_index));

struct value {
	struct bpf_spin_lock lock;
	struct bpf_timer timer;
	long count;
};

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 3);
	__type(key, int);
	__type(value, int);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 5);
	__type(key, int);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {[0] = &first, [3] = &second}};

int tail(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 6);
	__uint(key_size, 4);
	__array(values, int(void *));
} calls SEC(".maps") = {.values = {[1] = (void *)&tail, [4] = (void *)&tail}};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 7);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, 1);
	__type(key, int);
	__type(value, struct value);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 8192);
} orders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, long);
} storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 9);
	__uint(value_size, 8);
	__uint(map_extra, 3);
	__uint(numa_node, 0);
} bloom SEC(".maps");

struct {
	__uint(type, 33 /* BPF_MAP_TYPE_ARENA */);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 10);
} arena SEC(".maps");

char in_arena[64] SEC(".addr_space.1") = "in the arena";
long data = 1;
long zero;
const volatile long constant = 2;
long more[4] SEC(".data.more") = {1, 2, 3, 4};
const long rest[4] SEC(".rodata.rest") = {5, 6, 7, 8};
long none[4] SEC(".bss.none");
static long hidden;

__attribute__((noinline)) long weak_subprogram(long x) __attribute__((weak));
__attribute__((noinline)) long weak_subprogram(long x)
{
	return x + zero;
}

static __attribute__((noinline)) long each(__u32 index, void *context)
{
	hidden += index;
	return hidden > data;
}

__attribute__((noinline)) int exception(__u64 cookie)
{
	return (int)cookie;
}

SEC("tp/sched/sched_process_exec") int tail(void *ctx)
{
	bpf_tail_call(ctx, &calls, 1);
	return 0;
}

SEC("kprobe/do_nothing")
__attribute__((btf_decl_tag("exception_callback:exception"))) int core(struct pt_regs *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___other *other = (void *)task;
	int key = BPF_CORE_READ(task, group_leader, pid);
	struct value *value = bpf_map_lookup_elem(&counts, &key);

	if (bpf_core_field_exists(other->no_such_field))
		return (int)more[1];
	if (bpf_core_type_size(struct task_struct) > 100000 || CONFIG_HZ == 3)
		return (int)rest[2];
	if (value)
		value->count += LINUX_KERNEL_VERSION + CONFIG_DEFAULT_HOSTNAME[0] + CONFIG_BPF_JIT;
	if (&schedule && &bpf_stats_enabled_key)
		bpf_loop(4, each, NULL, 0);
	if (bpf_rcu_read_lock)
		bpf_rcu_read_lock();
	if (bpf_kfunc_that_is_not_there)
		bpf_kfunc_that_is_not_there(1);
	bpf_printk("%d %ld", key, constant);
	bpf_map_lookup_elem(&outer, &key);
	return (int)weak_subprogram(none[1]) + LINUX_HAS_BPF_COOKIE + in_arena[0];
}

SEC("?fentry/bpf_fentry_test1") int BPF_PROG(entry, int a)
{
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &a, sizeof(a));
	return 0;
}

struct bpf_iter__task;

SEC("iter/task") int walk(struct bpf_iter__task *ctx)
{
	return 0;
}

SEC("xdp.frags") int packets(struct xdp_md *ctx)
{
	long *order = bpf_ringbuf_reserve(&events, 8, 0);

	if (order)
		bpf_ringbuf_submit(order, 0);
	bpf_map_peek_elem(&bloom, &zero);
	bpf_map_lookup_elem(&orders, &zero);
	return XDP_PASS;
}

struct tcp_congestion_ops {
	void (*init)(void *sk);
	unsigned int (*ssthresh)(void *sk);
	void (*cong_avoid)(void *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(void *sk);
	char name[16];
	unsigned int flags;
};

SEC("struct_ops/ssthresh") unsigned int ssthresh(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/undo") unsigned int undo(unsigned long long *ctx)
{
	return 3;
}

SEC(".struct_ops")
struct tcp_congestion_ops plain = {.ssthresh = (void *)ssthresh, .name = "wasm_bpf_fuzz"};

SEC("?.struct_ops.link")
struct tcp_congestion_ops linked = {.undo_cwnd = (void *)undo, .name = "wasm_bpf_fuzz2"};
