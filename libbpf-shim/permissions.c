// SPDX-License-Identifier: MIT
/*
 * Gate of program loads, by instructions as the kernel gets them.
 *
 * A kernel function is called by a number of a type in the BTF of the kernel. Its name is
 * looked up there: the object's BTF, symbols and relocations are the author's, and an instruction
 * can have its number without any of them.
 */
#include "permissions.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Flags of a load that libbpf takes from a section's name; the others are for tests and tokens. */
#define LOAD_FLAGS (BPF_F_SLEEPABLE | BPF_F_XDP_HAS_FRAGS)

struct shim_policy *permissions_parse(const void *bytes, uint32_t size)
{
	const struct shim_policy *given = bytes;
	struct shim_policy *policy;

	if (size < sizeof(*given) || size - sizeof(*given) != given->kfuncs_size) {
		errno = EINVAL;
		return NULL;
	}
	policy = malloc(size);
	if (policy)
		memcpy(policy, bytes, size);
	return policy;
}

static bool has_bit(const uint8_t *bits, uint32_t bit)
{
	return bits[bit / 8] & 1 << bit % 8;
}

/*
 * Calls that libbpf puts in the place of what this kernel lacks: a field (relo_core.c), a map or a
 * function (libbpf.c). They are in code that the program does not reach there; the kernel has no
 * such helper, and refuses them where it does.
 */
static bool is_poison(int32_t helper)
{
	return helper == 195896080 || (helper >= 2001000000 && helper < 2001100000) ||
	       (helper >= 2002000000 && helper < 2002100000);
}

static bool allows_helper(const struct shim_policy *policy, int32_t helper)
{
	return policy && helper >= 0 && helper < POLICY_HELPERS &&
	       has_bit(policy->helpers, (uint32_t)helper);
}

static bool allows_kind(const struct shim_policy *policy, uint32_t type, uint32_t attach_type)
{
	return policy && type < POLICY_PROGRAM_TYPES && attach_type < POLICY_ATTACH_TYPES &&
	       has_bit(policy->kinds[type], attach_type);
}

static bool allows_kfunc(const struct shim_policy *policy, const char *name)
{
	char line[FUNCTION_NAME_SIZE + 2];
	int length = snprintf(line, sizeof(line), "\n%s\n", name);

	return policy && memmem(policy->kfuncs, policy->kfuncs_size, line, (size_t)length);
}

static bool refuse_kfunc(const struct shim_policy *policy, const struct bpf_insn *insn,
			 const struct bpf_prog_load_opts *opts, char reason[REFUSAL_SIZE])
{
	const int *fds = opts ? opts->fd_array : NULL;
	char name[FUNCTION_NAME_SIZE];

	if (kernel_functions_name(insn->imm, insn->off, fds, name)) {
		snprintf(reason, REFUSAL_SIZE,
			 "the program calls kernel function %d of an unknown name, "
			 "which is refused\n",
			 insn->imm);
		return true;
	}
	if (allows_kfunc(policy, name))
		return false;
	snprintf(reason, REFUSAL_SIZE, "the program calls kfunc %.180s, which is refused\n", name);
	return true;
}

/* Functions within the program are part of the instructions that are looked at. */
static bool refuse_call(const struct shim_policy *policy, const struct bpf_insn *insn,
			const struct bpf_prog_load_opts *opts, char reason[REFUSAL_SIZE])
{
	const bool is_direct = insn->code == (BPF_JMP | BPF_CALL);

	if (is_direct && insn->src_reg == BPF_PSEUDO_CALL)
		return false;
	if (is_direct && insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
		return refuse_kfunc(policy, insn, opts, reason);
	if (is_direct && !insn->src_reg) {
		if (is_poison(insn->imm) || allows_helper(policy, insn->imm))
			return false;
		snprintf(reason, REFUSAL_SIZE, "the program calls helper %d, which is refused\n",
			 insn->imm);
		return true;
	}
	/* Through a register, or a kind that a newer kernel may have: unknown which function. */
	snprintf(reason, REFUSAL_SIZE,
		 "the program calls by instruction 0x%02x/%d, "
		 "which is refused\n",
		 insn->code, insn->src_reg);
	return true;
}

/* The first half of a wide instruction. Maps are looked at in program_load.c. */
static bool refuse_address(const struct shim_policy *policy, const struct bpf_insn *insn,
			   char reason[REFUSAL_SIZE])
{
	switch (insn->src_reg) {
	case 0:
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_FUNC:
		return false;
	case BPF_PSEUDO_BTF_ID:
		if (policy && policy->flags & POLICY_KERNEL_VARIABLES)
			return false;
		snprintf(reason, REFUSAL_SIZE,
			 "the program reads a variable of the kernel, which is refused\n");
		return true;
	default:
		snprintf(reason, REFUSAL_SIZE,
			 "the program names address kind %d, which is refused\n", insn->src_reg);
		return true;
	}
}

static bool refuse_instructions(const struct shim_policy *policy, const struct program_load *load,
				char reason[REFUSAL_SIZE])
{
	for (size_t i = 0; i < load->count; i++) {
		const struct bpf_insn *insn = &load->insns[i];
		const uint8_t class = BPF_CLASS(insn->code);
		const bool is_jump = class == BPF_JMP || class == BPF_JMP32;

		if (is_jump && BPF_OP(insn->code) == BPF_CALL &&
		    refuse_call(policy, insn, load->opts, reason))
			return true;
		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (refuse_address(policy, insn, reason))
			return true;
		i++; /* Its second half is not an instruction. */
	}
	return false;
}

static bool refuse_kind(const struct shim_policy *policy, const struct program_load *load,
			char reason[REFUSAL_SIZE])
{
	const struct bpf_prog_load_opts *opts = load->opts;
	const uint32_t attach_type = opts ? opts->expected_attach_type : 0;
	const uint32_t flags = opts ? opts->prog_flags : 0;

	if (!allows_kind(policy, load->type, attach_type)) {
		snprintf(reason, REFUSAL_SIZE,
			 "the program is of type %d and attach type %u, which is refused\n",
			 load->type, attach_type);
		return true;
	}
	if (flags & ~LOAD_FLAGS) {
		snprintf(reason, REFUSAL_SIZE, "the program has flags 0x%x, which is refused\n",
			 flags);
		return true;
	}
	if (opts && opts->attach_prog_fd) {
		snprintf(reason, REFUSAL_SIZE,
			 "the program attaches to another program, which is refused\n");
		return true;
	}
	return false;
}

static bool refuse_map_fields(const struct shim_policy *policy, const struct program_load *load,
			      char reason[REFUSAL_SIZE])
{
	if ((policy && policy->flags & POLICY_KERNEL_VARIABLES) || !map_pointers_are_followed(load))
		return false;
	snprintf(reason, REFUSAL_SIZE,
		 "the program reads kernel memory by the address of a map, which is refused\n");
	return true;
}

bool permissions_refuse(const struct shim_policy *policy, const struct program_load *load,
			char reason[REFUSAL_SIZE])
{
	return refuse_instructions(policy, load, reason) || refuse_kind(policy, load, reason) ||
	       refuse_map_fields(policy, load, reason);
}

/* ---- before anything is made ----------------------------------------------------------------- */

/*
 * Helpers by number, where no relocation follows: calls of functions have another source register,
 * and get their numbers while libbpf loads.
 */
static bool refuse_helpers(const struct shim_policy *policy, const struct bpf_program *program,
			   char reason[REFUSAL_SIZE])
{
	const struct bpf_insn *insns = bpf_program__insns(program);
	const size_t count = bpf_program__insn_cnt(program);

	for (size_t i = 0; insns && i < count; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++; /* Its second half is not an instruction. */
		else if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg &&
			 insns[i].imm >= 0 && insns[i].imm < POLICY_HELPERS &&
			 refuse_call(policy, &insns[i], NULL, reason))
			return true;
	}
	return false;
}

int permissions_check_object(const struct shim_policy *policy, const struct bpf_object *object)
{
	char reason[REFUSAL_SIZE];
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS || !bpf_map__autocreate(map) ||
		    (policy && policy->flags & POLICY_STRUCT_OPS))
			continue;
		shim_log_add("map '%s' is refused: it is a struct_ops map\n", bpf_map__name(map));
		return -EPERM;
	}
	bpf_object__for_each_program(program, object)
	{
		LIBBPF_OPTS(bpf_prog_load_opts, opts,
			    .expected_attach_type = bpf_program__expected_attach_type(program),
			    .prog_flags = bpf_program__flags(program));
		const struct program_load load = {.type = bpf_program__type(program),
						  .opts = &opts};

		/* libbpf refuses a program without a type, with the reason. */
		if (!bpf_program__autoload(program) || load.type == BPF_PROG_TYPE_UNSPEC)
			continue;
		if (!refuse_helpers(policy, program, reason) && !refuse_kind(policy, &load, reason))
			continue;
		shim_log_add("libbpf: prog '%s': failed to load: refused\n%s",
			     bpf_program__name(program), reason);
		return -EPERM;
	}
	return 0;
}
