// SPDX-License-Identifier: MIT
/* runqlen: length of the queues of processors, sampled. */
#include "kernel.bpf.h"

TOOL("runqlen", "show lengths of the processors' queues, as a histogram");
OPTION(const volatile __u32, frequency, 99, 'f', "samples a second");
OPTION(const volatile bool, cpus, false, 'C', "one of each processor");
OPTION(const volatile bool, occupancy, false, 'O', "samples with tasks that wait, instead");

#define LENGTHS 64
/* Priorities of the real-time classes are below. */
#define MAX_RT_PRIO 100

struct all {
	__u32 all HIDDEN;
};

struct part {
	__u32 cpu;
};

struct histogram {
	__u32 slots[LENGTHS];
};

struct counts {
	__u64 samples;
	__u64 waiting;
	__u64 waiting_percent COMPUTED(100 * waiting / samples) UNIT_OF(percent);
};

COUNTS(HASH, lengths, 1, struct all, struct histogram);
COUNTS(HASH, lengths_by_cpu, 4096, struct part, struct histogram);
COUNTS(HASH, queues, 1, struct all, struct counts);
COUNTS(HASH, queues_by_cpu, 4096, struct part, struct counts);
HISTOGRAM(lengths, UNIT(runqlen), LINEAR(1), IF(!cpus && !occupancy));
HISTOGRAM(lengths_by_cpu, UNIT(runqlen), LINEAR(1), IF(cpus && !occupancy));
TABLE(queues, IF(!cpus && occupancy));
TABLE(queues_by_cpu, SORT(cpu), IF(cpus &&occupancy));
PLACE(on_sample, "software:cpu-clock@{frequency}");

static __always_inline int count(const struct part *part, __u32 length)
{
	struct all all = {};
	struct counts *counts = cpus ? queues_by_cpu_of(part) : queues_of(&all);

	if (counts) {
		ADD(counts->samples, 1);
		ADD(counts->waiting, length ? 1 : 0);
	}
	return 0;
}

/* Returns the number of tasks in the current processor's queue, the one that runs included. */
static __always_inline __u32 queued_tasks(struct task_struct *task)
{
	struct cfs_rq *queue = BPF_CORE_READ(task, se.cfs_rq);
	struct cfs_rq___new *new_queue;
	struct rq *processor;

	/* A task's own queue may be that of its control group. */
	if (bpf_core_field_exists(queue->rq)) {
		processor = BPF_CORE_READ(queue, rq);
		queue = &processor->cfs;
	}
	new_queue = (void *)queue;
	if (bpf_core_field_exists(new_queue->h_nr_runnable))
		return BPF_CORE_READ(new_queue, h_nr_runnable);
	return BPF_CORE_READ(queue, h_nr_running);
}

SEC("perf_event")
int on_sample(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct part part = {.cpu = bpf_get_smp_processor_id()};
	__u32 length = queued_tasks(task);
	struct histogram *histogram;
	struct all all = {};

	/* The task that runs does not wait. An idle one, or one of a real-time class, is elsewhere.
	 */
	if (length && BPF_CORE_READ(task, pid) && BPF_CORE_READ(task, prio) >= MAX_RT_PRIO)
		length--;
	if (occupancy)
		return count(&part, length);
	if (length >= LENGTHS)
		length = LENGTHS - 1;
	barrier_var(length);
	length &= LENGTHS - 1;
	histogram = cpus ? lengths_by_cpu_of(&part) : lengths_of(&all);
	if (histogram)
		ADD(histogram->slots[length], 1);
	return 0;
}
