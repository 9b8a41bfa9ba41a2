// SPDX-License-Identifier: MIT
/* Gates of attaching, before libbpf is asked: what the rules allow of a place. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "attach_gate.h"
#include "internal.h"
#include "permissions.h"
#include "tracefs.h"

_Thread_local struct attaching *attach_in_progress;

void attach_gate_begin(struct attaching *attaching, const struct shim_object *object)
{
	*attaching =
	    (struct attaching){.rules = object->attach_rules, .before = attach_in_progress};
	attach_in_progress = attaching;
}

void attach_gate_end(struct attaching *attaching)
{
	attach_in_progress = (struct attaching *)attaching->before;
	kernel_functions_forget();
}

void attach_gate_set_probe(const char *probe)
{
	if (attach_in_progress)
		attach_in_progress->probe = probe;
}

void attach_gate_set_tracepoint(const char *tracepoint)
{
	if (attach_in_progress)
		attach_in_progress->tracepoint = tracepoint;
}

int attach_gate_check(const struct place *place)
{
	if (gate_is_off(GATE_ATTACH) || !attach_in_progress)
		return 0;
	return attach_rules_refuse(attach_in_progress->rules, place) ? -EPERM : 0;
}

int attach_gate_check_frequency(uint64_t frequency)
{
	if (gate_is_off(GATE_ATTACH) || !attach_in_progress)
		return 0;
	return attach_rules_refuse_frequency(attach_in_progress->rules, frequency) ? -EPERM : 0;
}

/* ---- places by name ------------------------------------------------------------------------- */

int attach_gate_check_tracepoint(const char *path)
{
	const struct place place = {.kind = PLACE_TP, .name = path, .called = path};
	const int number = attach_tracepoint_id(path);

	if (number == -ENOENT)
		return number;
	attach_gate_set_tracepoint(path);
	return attach_gate_check(&place);
}

int attach_gate_check_name(enum place_kind kind, const char *name)
{
	const struct place place = {.kind = kind, .name = name, .called = name};

	return attach_gate_check(&place);
}

int attach_gate_check_call(const char *name)
{
	char function[256];

	snprintf(function, sizeof(function), "__x64_sys_%s", name);
	return attach_gate_check_name(PLACE_KPROBE, function);
}

/* The rest of a section's name after a prefix and a slash, or NULL. */
static const char *after_prefix(const char *section, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(section, prefix, length) || section[length] != '/' ? NULL
									  : section + length + 1;
}

int attach_gate_check_section(const struct bpf_program *program)
{
	static const struct {
		const char *prefix;
		enum place_kind kind;
	} kinds[] = {
	    {"raw_tp", PLACE_RAW_TP},
	    {"raw_tracepoint", PLACE_RAW_TP},
	    {"raw_tp.w", PLACE_RAW_TP},
	    {"raw_tracepoint.w", PLACE_RAW_TP},
	    {"tp_btf", PLACE_TP_BTF},
	    {"kprobe", PLACE_KPROBE},
	    {"kretprobe", PLACE_KPROBE},
	    {"kprobe.multi", PLACE_KPROBE},
	    {"kretprobe.multi", PLACE_KPROBE},
	    {"kprobe.session", PLACE_KPROBE},
	    {"fentry", PLACE_FENTRY},
	    {"fentry.s", PLACE_FENTRY},
	    {"fexit", PLACE_FENTRY},
	    {"fexit.s", PLACE_FENTRY},
	    {"fmod_ret", PLACE_FENTRY},
	    {"fmod_ret.s", PLACE_FENTRY},
	    {"fsession", PLACE_FENTRY},
	    {"fsession.s", PLACE_FENTRY},
	    {"lsm", PLACE_LSM},
	    {"lsm.s", PLACE_LSM},
	    {"iter", PLACE_ITER},
	    {"iter.s", PLACE_ITER},
	};
	const char *section = bpf_program__section_name(program), *name;

	section += *section == '?';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		name = after_prefix(section, kinds[i].prefix);
		/* The function of a loaded program may be another than its section has. */
		if (name && kinds[i].kind != PLACE_RAW_TP && kinds[i].kind != PLACE_KPROBE)
			return attach_gate_check_hook(bpf_program__fd(program));
		if (name)
			return attach_gate_check_name(kinds[i].kind, name);
	}
	name = after_prefix(section, "ksyscall");
	if (!name)
		name = after_prefix(section, "kretsyscall");
	return name ? attach_gate_check_call(name) : 0;
}

/* ---- what loaded programs and maps are for -----------------------------------------------------
 */

/* The name of what a loaded program is for: a function, tracepoint, hook or iterator. */
static int hooked_name(int program, uint32_t *type, char name[FUNCTION_NAME_SIZE])
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_prog_get_info_by_fd(program, &info, &size))
		return -errno;
	*type = info.type;
	return kernel_types_name(info.attach_btf_obj_id, (int32_t)info.attach_btf_id, name);
}

static const char *without_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) ? name : name + strlen(prefix);
}

/* Describes what a loaded program is for; `name` holds its name. 0 or -errno. */
static int hooked_place(int program, struct place *place, char name[FUNCTION_NAME_SIZE])
{
	uint32_t type = 0;
	int err = hooked_name(program, &type, name);

	*place = (struct place){.kind = PLACE_FENTRY, .name = name};
	if (err)
		return err;
	if (type == BPF_PROG_TYPE_LSM) {
		place->kind = PLACE_LSM;
		place->name = without_prefix(name, "bpf_lsm_");
	} else if (!strncmp(name, "btf_trace_", 10)) {
		place->kind = PLACE_TP_BTF;
		place->name = name + 10;
	} else if (!strncmp(name, "bpf_iter_", 9)) {
		place->kind = PLACE_ITER;
		place->name = name + 9;
	}
	return 0;
}

bool attach_gate_refuses_hook(const struct shim_attach_rules *rules, int program)
{
	char name[FUNCTION_NAME_SIZE];
	struct place place;

	if (!rules)
		return false;
	return hooked_place(program, &place, name) || attach_rules_refuse(rules, &place);
}

bool attach_gate_denies_hook(const struct shim_attach_rules *rules, int program)
{
	char name[FUNCTION_NAME_SIZE];
	struct place place;

	if (!rules)
		return false;
	return hooked_place(program, &place, name) || attach_rules_deny(rules, &place);
}

int attach_gate_check_denied_hook(int program)
{
	if (gate_is_off(GATE_ATTACH) || !attach_in_progress)
		return 0;
	return attach_gate_denies_hook(attach_in_progress->rules, program) ? -EPERM : 0;
}

int attach_gate_check_hook(int program)
{
	if (gate_is_off(GATE_ATTACH) || !attach_in_progress)
		return 0;
	return attach_gate_refuses_hook(attach_in_progress->rules, program) ? -EPERM : 0;
}

int attach_structure_name(int map, char name[FUNCTION_NAME_SIZE])
{
	static const char prefix[] = "bpf_struct_ops_";
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int err;

	if (bpf_map_get_info_by_fd(map, &info, &size))
		return -errno;
	err = kernel_types_name(info.btf_vmlinux_id, (int32_t)info.btf_vmlinux_value_type_id, name);
	if (!err && !strncmp(name, prefix, sizeof(prefix) - 1))
		memmove(name, name + sizeof(prefix) - 1, strlen(name) - sizeof(prefix) + 2);
	return err;
}

bool attach_gate_refuses_structure(const struct shim_attach_rules *rules, int map)
{
	char name[FUNCTION_NAME_SIZE];
	struct place place = {.kind = PLACE_STRUCT_OPS, .name = name};

	if (!rules)
		return false;
	if (attach_structure_name(map, name))
		return true;
	return attach_rules_refuse(rules, &place);
}
