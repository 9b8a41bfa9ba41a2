// SPDX-License-Identifier: MIT
/*
 * Gate at libbpf's bpf_prog_load(): which programs reach the kernel.
 *
 * The linker puts the function here in the place of libbpf's (see third_party/libbpf/symbols.json):
 * the instructions are those that the kernel gets, and nothing changes them any more. What they may
 * call, and which kinds of programs a run may load, is in permissions.c. An instruction can also
 * name a map by any descriptor of this process: of another guest, or of the embedder. What clang
 * makes has none, and libbpf fills in those of the object.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "attach_rules.h"
#include "budget.h"
#include "permissions.h"

static _Thread_local const struct shim_policy *policy;
static _Thread_local const struct bpf_object *loading;

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts);

bool __real_feat_supported(void *cache, int feature);
bool __wrap_feat_supported(void *cache, int feature);

/*
 * Replaces libbpf's feat_supported(). libbpf's own programs cannot be recognised: a guest's program
 * has no name, either, where libbpf could not find out that the kernel takes names.
 */
bool __wrap_feat_supported(void *cache, int feature)
{
	/* One look may take another. */
	const bool was_probing = shim_set_probing(true);
	const bool is_supported = __real_feat_supported(cache, feature);

	shim_set_probing(was_probing);
	return is_supported;
}

void shim_programs_allow(const struct bpf_object *object, const struct shim_policy *permissions)
{
	loading = object;
	policy = permissions;
	if (!object)
		kernel_functions_forget();
}

bool permissions_struct_ops(void)
{
	return policy && policy->flags & POLICY_STRUCT_OPS;
}

static bool names_own_map(int32_t fd)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, loading)
	{
		if (bpf_map__fd(map) == fd)
			return true;
	}
	return false;
}

/* Reports whether the first half of a wide instruction names a map that is none of the object. */
static bool names_foreign_map(const struct bpf_insn *insn)
{
	switch (insn->src_reg) {
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_VALUE:
		return !names_own_map(insn->imm);
	case BPF_PSEUDO_MAP_IDX:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		/* Places in a list that libbpf does not give. */
		return true;
	default:
		return false;
	}
}

/* Writes which map is refused; false when none is. */
static bool refuse_maps(const struct program_load *load, char reason[REFUSAL_SIZE])
{
	for (size_t i = 0; i < load->count; i++) {
		if (load->insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (names_foreign_map(&load->insns[i])) {
			snprintf(reason, REFUSAL_SIZE,
				 "the program names map %d, which is refused\n",
				 load->insns[i].imm);
			return true;
		}
		i++; /* Its second half is not an instruction. */
	}
	return false;
}

/*
 * Before anything else libbpf loads two instructions of its own. A program of the object differs
 * from them in the address of its instructions alone: it, too, may return 0 and have no name.
 */
static bool is_trial(const char *name, const struct bpf_insn *insns, size_t count)
{
	struct bpf_program *program;

	if (name || count != 2 || insns[0].code != (BPF_ALU64 | BPF_MOV | BPF_K) || insns[0].imm ||
	    insns[1].code != (BPF_JMP | BPF_EXIT))
		return false;
	bpf_object__for_each_program(program, loading)
	{
		if (bpf_program__insns(program) == insns)
			return false;
	}
	return true;
}

/* Writes why a program is refused; false when it is not. */
static bool refuse(const struct program_load *load, const char *name, char reason[REFUSAL_SIZE])
{
	if (shim_is_probing())
		return false;
	/* All programs come from objects; a path around their load is not to be one around this. */
	if (!loading) {
		snprintf(reason, REFUSAL_SIZE,
			 "the program belongs to no object, which is refused\n");
		return true;
	}
	if (is_trial(name, load->insns, load->count))
		return false;
	return refuse_maps(load, reason) || permissions_refuse(policy, load, reason);
}

/* Loads a program if the run may have one more, and has time for it. */
static int load_within(struct shim_share *share, enum bpf_prog_type type, const char *name,
		       const char *license, const struct bpf_insn *insns, size_t count,
		       struct bpf_prog_load_opts *opts)
{
	int result;

	if (!share || is_trial(name, insns, count))
		return __real_bpf_prog_load(type, name, license, insns, count, opts);
	result = budget_take_program(share, name);
	if (result) {
		errno = -result;
		return result;
	}
	result = __real_bpf_prog_load(type, name, license, insns, count, opts);
	shim_doing(NULL, NULL);
	if (result < 0) {
		const int error = errno;

		budget_return_program(share);
		errno = error;
	}
	return result;
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts)
{
	struct shim_share *share = budget_in_use();
	const struct program_load load = {type, insns, count, opts, loading};
	char reason[REFUSAL_SIZE];

	if (gate_is_off(GATE_PROGRAM_LOAD) || !refuse(&load, name, reason))
		return load_within(share, type, name, license, insns, count, opts);
	/* libbpf hands on what stands where the verifier writes. */
	if (opts && opts->log_buf)
		snprintf(opts->log_buf, opts->log_size, "%s", reason);
	errno = EPERM;
	return -EPERM;
}

bool program_load_refuses(const union bpf_attr *attr)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)attr->expected_attach_type,
		    .prog_flags = attr->prog_flags, .attach_prog_fd = (int)attr->attach_prog_fd,
		    .fd_array = (const int *)(uintptr_t)attr->fd_array);
	const struct program_load load = {
	    .type = attr->prog_type,
	    .insns = (const struct bpf_insn *)(uintptr_t)attr->insns,
	    .count = attr->insn_cnt,
	    .opts = &opts,
	    .object = loading,
	};
	const char *name = attr->prog_name[0] ? attr->prog_name : NULL;
	char reason[REFUSAL_SIZE];

	if (!refuse(&load, name, reason))
		return false;
	shim_log_add("%s", reason);
	return true;
}
