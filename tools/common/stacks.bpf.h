/* SPDX-License-Identifier: MIT */
/* Common part of the tools that count stacks. */
#ifndef STACKS_BPF_H
#define STACKS_BPF_H

#include "kernel.bpf.h"

#define FRAMES 127
#ifndef STACK_COUNT
#define STACK_COUNT 8192
#endif
/* Frames of a raw tracepoint: the program, its caller, and the tracepoint. */
#define TRACEPOINT_FRAMES 3
/* Frames of fentry: the program and the trampoline. */
#define TRAMPOLINE_FRAMES 2
/* No stack is taken: the number of an error. */
#define NO_STACK -14

#ifndef NO_STACK_OPTIONS
OPTION(const volatile bool, user, false, 'U', "stacks of processes alone");
OPTION(const volatile bool, kernel, false, 'K', "stacks of the kernel alone");
#endif

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, STACK_COUNT);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, FRAMES * sizeof(__u64));
} stacks SEC(".maps");

#ifndef NO_STACK_OPTIONS
/* Leaves out the innermost `skip` frames: those of the program and of its tracepoint. */
static __always_inline __s32 kernel_stack(void *ctx, __u64 skip)
{
	return user ? NO_STACK : bpf_get_stackid(ctx, &stacks, skip);
}

static __always_inline __s32 user_stack(void *ctx)
{
	return kernel ? NO_STACK : bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
}
#endif

#endif
