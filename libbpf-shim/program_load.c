// SPDX-License-Identifier: MIT
/*
 * What a guest's programs may not do: call helpers that would take down the walls around it, and
 * name maps that are not its own.
 *
 * bpf_probe_write_user() writes to the memory of whichever process runs the program, this one among
 * them: also to threads that are not confined. What bpf_sys_bpf() and bpf_sys_close() are given
 * would be checked by nobody here; their programs need bpf(2) to be run as well, which no call of a
 * guest's does for them. An instruction can name a map by any descriptor of this process: of
 * another guest's, or of the embedder's. What clang makes has none, and libbpf fills in those of
 * the object.
 *
 * The linker puts what is here in the place of libbpf's bpf_prog_load() (see build/shim.ts): there
 * the instructions are those that the kernel gets, and nothing changes them any more.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "budget.h"

static _Thread_local uint32_t allowed;
static _Thread_local const struct bpf_object *loading;
/* Whether libbpf looks at what the kernel can do, with programs and maps of its own. */
static _Thread_local bool is_probing;

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count,
			 struct bpf_prog_load_opts *opts);

bool __real_feat_supported(void *cache, int feature);
bool __wrap_feat_supported(void *cache, int feature);

/*
 * In place of libbpf's feat_supported(). Nothing of a program tells those of libbpf's own: a
 * guest's has no name, either, where libbpf could not find out that the kernel takes names.
 */
bool __wrap_feat_supported(void *cache, int feature)
{
	/* One look may take another. */
	const bool was_probing = is_probing;
	bool is_supported;

	is_probing = true;
	is_supported = __real_feat_supported(cache, feature);
	is_probing = was_probing;
	return is_supported;
}

bool shim_is_probing(void)
{
	return is_probing;
}

void shim_programs_allow(const struct bpf_object *object, uint32_t helpers)
{
	loading = object;
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

/* Whether the first half of a wide instruction names a map that is none of the object's. */
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

/* Says what is refused; false when nothing is. */
static bool find_refused(const struct bpf_insn *insns, size_t count, char *text, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = is_helper_call(&insns[i]) ? refused(insns[i].imm) : NULL;

		if (name) {
			snprintf(text, size, "the program calls %s, which is refused\n", name);
			return true;
		}
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (names_foreign_map(&insns[i])) {
			snprintf(text, size, "the program names map %d, which is refused\n",
				 insns[i].imm);
			return true;
		}
		i++; /* Its second half is no instruction. */
	}
	return false;
}

/* Loads a program if the run may have one more, and has time for it. */
static int load_within(struct shim_share *share, enum bpf_prog_type type, const char *name,
		       const char *license, const struct bpf_insn *insns, size_t count,
		       struct bpf_prog_load_opts *opts)
{
	/* Before anything else libbpf tries two instructions of its own. */
	const bool is_trial = !name && count == 2;
	int result;

	if (!share || is_trial)
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
	char text[80];

	if (!loading || is_probing || !find_refused(insns, count, text, sizeof(text)))
		return load_within(share, type, name, license, insns, count, opts);
	/* libbpf hands on what stands where the verifier writes. */
	if (opts && opts->log_buf)
		snprintf(opts->log_buf, opts->log_size, "%s", text);
	errno = EPERM;
	return -EPERM;
}
