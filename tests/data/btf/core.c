/* SPDX-License-Identifier: MIT */
/* CO-RE: types of the kernel beside the object's own. */
#include "corpus.h"

#ifdef __bpf__
#define KERNEL __attribute__((preserve_access_index))
#else
#define KERNEL
#endif

struct cr_kernel_inner {
	int tgid;
} KERNEL;

struct cr_kernel {
	u64 flags;
	struct cr_kernel_inner *inner;
	char comm[16];
} KERNEL;

struct cr_kernel___old {
	u32 flags;
} KERNEL;

struct cr_context {
	u64 regs[4];
};

struct cr_own {
	u64 a;
	u32 b;
};

static __attribute__((noinline)) u64 use(const struct cr_own *own)
{
	return own->a + own->b;
}

SEC("raw_tp")
int cr_program(struct cr_context *ctx)
{
	struct cr_kernel *k = (struct cr_kernel *)ctx->regs[0];
	struct cr_kernel___old *old = (struct cr_kernel___old *)ctx->regs[1];
	struct cr_own own = {ctx->regs[2], (u32)ctx->regs[3]};

	own.a += k->flags + (u64)k->inner->tgid + old->flags + (u8)k->comm[1];
	return (int)use(&own);
}
