// SPDX-License-Identifier: MIT
/*
 * Helpers that a guest's programs may not call: those that would take down the walls around it.
 *
 * bpf_probe_write_user() writes to the memory of whichever process runs the program, this one among
 * them: also to threads that are not confined. What bpf_sys_bpf() and bpf_sys_close() are given
 * would be checked by nobody here; their programs need bpf(2) to be run as well, which no call of a
 * guest's does for them.
 *
 * The linker puts what is here in the place of libbpf's bpf_prog_load() (see build/shim.ts): there
 * the instructions are those that the kernel gets, and nothing changes them any more.
 */
#include <bpf/bpf.h>
#include <stdio.h>

#include "internal.h"

static _Thread_local uint32_t allowed;

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts);

void shim_helpers_allow(uint32_t helpers)
{
	allowed = helpers;
}

/* A helper's name when it is refused. */
static const char *refused(int32_t helper)
{
	switch (helper) {
	case BPF_FUNC_probe_write_user:
		return allowed & SHIM_ALLOW_WRITE_USER ? NULL : "bpf_probe_write_user";
	case BPF_FUNC_sys_bpf:
		return "bpf_sys_bpf";
	case BPF_FUNC_sys_close:
		return "bpf_sys_close";
	default:
		return NULL;
	}
}

/* Calls of other programs and of the kernel's functions have a source register that is not 0. */
static bool is_helper_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg;
}

static const char *find_refused(const struct bpf_insn *insns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = is_helper_call(&insns[i]) ? refused(insns[i].imm) : NULL;

		if (name)
			return name;
	}
	return NULL;
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts)
{
	const char *helper = find_refused(insns, count);

	if (!helper)
		return __real_bpf_prog_load(type, name, license, insns, count, opts);
	/* libbpf hands on what stands where the verifier writes. */
	if (opts && opts->log_buf)
		snprintf(opts->log_buf, opts->log_size, "the program calls %s, which is refused\n",
			 helper);
	errno = EPERM;
	return -EPERM;
}
