// SPDX-License-Identifier: MIT
/* eBPF objects: open, load, enumerate, unload. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach_rules.h"
#include "broker.h"
#include "budget.h"
#include "holders.h"
#include "internal.h"
#include "permissions.h"
#include "remains.h"

/* Reports whether the second half of its last instruction is missing: libbpf relocates that as
 * well. */
static bool ends_in_half(const struct bpf_program *program)
{
	size_t count = bpf_program__insn_cnt(program);

	return count && bpf_program__insns(program)[count - 1].code == (BPF_LD | BPF_IMM | BPF_DW);
}

static int list_programs(struct shim_object *object)
{
	struct bpf_program *program;
	uint32_t count = 0;

	bpf_object__for_each_program(program, object->object) count++;
	object->programs = calloc(count ? count : 1, sizeof(*object->programs));
	if (!object->programs)
		return -ENOMEM;
	bpf_object__for_each_program(program, object->object)
	{
		if (ends_in_half(program))
			return -EINVAL;
		object->programs[object->program_count++] =
		    (struct shim_program){.program = program, .object = object};
	}
	return 0;
}

static int32_t close_object(void *object)
{
	shim_remains_note(object);
	holders_note(object);
	bpf_object__close(object);
	return 0;
}

static void release(void *held)
{
	struct shim_object *object = held;

	shim_broker_run(close_object, object->object);
	for (uint32_t i = 0; i < object->map_count; i++) {
		if (object->maps[i].owns_fd)
			close(object->maps[i].fd);
	}
	budget_return(&object->share);
	free(object->maps);
	free(object->programs);
	free(object->policy);
	attach_rules_release(object->attach_rules);
	free(object->bytes);
	free(object);
}

/*
 * An arena's map_extra is the address in this process where libbpf maps it, over whatever is there.
 * An object must not choose that. Without one the kernel finds a place.
 */
static int forget_addresses(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int err = 0;

		if (bpf_map__type(map) == BPF_MAP_TYPE_ARENA)
			err = bpf_map__set_map_extra(map, 0);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Reports whether an ELF file is of the byte order that this machine has not: libbpf opens those,
 * to be shown, and their users read what is in them as their own.
 */
static bool is_foreign(const uint8_t *bytes, uint32_t size)
{
	const uint16_t one = 1;
	const uint8_t other = *(const uint8_t *)&one ? ELFDATA2MSB : ELFDATA2LSB;

	return size > EI_DATA && !memcmp(bytes, ELFMAG, SELFMAG) && bytes[EI_DATA] == other;
}

static int32_t open_object(struct shim_memory *memory, uint32_t offset, uint32_t size,
			   const char *name, struct shim_object **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name);
	const void *source = shim_memory_at(memory, offset, size);
	struct shim_object *object;
	int err;

	if (!source)
		return -EFAULT;
	/* libelf takes an empty file for an archive member that was not found. */
	if (!size)
		return -EINVAL;
	shim_log_start();
	object = calloc(1, sizeof(*object));
	if (!object)
		return -ENOMEM;
	/* A copy is aligned, and stays as it was checked while the guest runs on. */
	object->bytes = malloc(size);
	if (!object->bytes) {
		err = -ENOMEM;
		goto err_out;
	}
	memcpy(object->bytes, source, size);
	if (is_foreign(object->bytes, size)) {
		shim_log_add("the object is of the other byte order\n");
		err = -LIBBPF_ERRNO__ENDIAN;
		goto err_out;
	}
	object->object = bpf_object__open_mem(object->bytes, size, &opts);
	if (!object->object) {
		err = -errno;
		goto err_out;
	}
	err = forget_addresses(object->object);
	if (!err)
		err = list_programs(object);
	if (!err)
		err = shim_owned_add(object, release);
	if (err)
		goto err_out;
	*out = object;
	return 0;

err_out:
	release(object);
	return err;
}

ON_BROKER_5(shim_object__open, open_object, struct shim_memory *, uint32_t, uint32_t, const char *,
	    struct shim_object **);

int32_t shim_object__forget_pins(struct shim_object *object)
{
	struct bpf_map *map;
	int32_t count = 0;

	bpf_object__for_each_map(map, object->object)
	{
		int err;

		if (!bpf_map__pin_path(map))
			continue;
		err = bpf_map__set_pin_path(map, NULL);
		if (err)
			return err;
		count++;
	}
	return count;
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static int list_maps(struct shim_object *object)
{
	int cpus = libbpf_num_possible_cpus();
	struct bpf_map *map;
	uint32_t count = 0;

	if (cpus < 0)
		return cpus;
	bpf_object__for_each_map(map, object->object) count++;
	object->maps = calloc(count ? count : 1, sizeof(*object->maps));
	if (!object->maps)
		return -ENOMEM;
	bpf_object__for_each_map(map, object->object)
	{
		struct shim_map *entry;

		/* A map that was not created has a descriptor nevertheless, of another file. */
		if (!bpf_map__autocreate(map))
			continue;
		entry = &object->maps[object->map_count++];
		entry->map = map;
		entry->object = object;
		entry->type = bpf_map__type(map);
		/* An update registers it, past shim_map__attach() and for longer than the run. */
		entry->fd = entry->type == BPF_MAP_TYPE_STRUCT_OPS ? -1 : bpf_map__fd(map);
		entry->key_size = bpf_map__key_size(map);
		entry->value_size = bpf_map__value_size(map);
		entry->cpus = 1;
		if (is_per_cpu(entry->type)) {
			entry->cpus = (uint32_t)cpus;
			entry->value_size =
			    ((entry->value_size + 7) & ~(uint64_t)7) * (uint64_t)cpus;
		}
	}
	return 0;
}

int32_t shim_object__permit(struct shim_object *object, const void *policy, uint32_t size)
{
	struct shim_policy *copy;

	if (object->load_tried)
		return -EALREADY;
	copy = permissions_parse(policy, size);
	if (!copy)
		return -errno;
	free(object->policy);
	object->policy = copy;
	return 0;
}

int32_t shim_object__limit_attach(struct shim_object *object, struct shim_attach_rules *rules)
{
	if (object->load_tried || object->attach_rules)
		return -EALREADY;
	attach_rules_retain(rules);
	object->attach_rules = rules;
	return 0;
}

/* The gate before anything is made. */
static int check(struct shim_object *object)
{
	int err =
	    gate_is_off(GATE_OBJECT) ? 0 : permissions_check_object(object->policy, object->object);

	if (!err)
		err = map_rules_check(object->object);
	return err ? err : budget_check(&object->share, object->object);
}

static int32_t load(struct shim_object *object)
{
	int err;

	if (object->load_tried)
		return -EALREADY;
	object->load_tried = true;
	err = check(object);
	if (err)
		return err;
	shim_signals_begin_load();
	shim_programs_allow(object->object, object->policy);
	budget_use(&object->share);
	err = bpf_object__load(object->object);
	/* The types that have them are freed by now. */
	shim_names_use(NULL);
	budget_use(NULL);
	shim_programs_allow(NULL, NULL);
	shim_signals_end_load();
	budget_settle(&object->share, object->object);
	if (err)
		return err;
	return list_maps(object);
}

ON_BROKER_1(load_on_broker, load, struct shim_object *);

/* Gives this thread descriptors of the maps, where those that libbpf has are the broker's. */
static int fetch_maps(struct shim_object *object)
{
	uint32_t count = 0, next = 0;
	int *fds;
	int err;

	if (!object->map_count || !shim_broker_is_apart())
		return 0;
	fds = calloc(object->map_count, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	for (uint32_t i = 0; i < object->map_count; i++) {
		if (object->maps[i].fd >= 0)
			fds[count++] = object->maps[i].fd;
	}
	err = shim_broker_fetch(fds, fds, count);
	for (uint32_t i = 0; i < object->map_count; i++) {
		struct shim_map *map = &object->maps[i];

		if (map->fd < 0)
			continue;
		map->fd = err ? -1 : fds[next++];
		map->owns_fd = !err;
	}
	free(fds);
	return err;
}

int32_t shim_object__load(struct shim_object *object)
{
	int err = load_on_broker(object);

	return err ? err : fetch_maps(object);
}

void shim_object__free(struct shim_object *object)
{
	if (!object)
		return;
	shim_owned_remove(object);
	release(object);
}

int32_t shim_object__program_count(struct shim_object *object)
{
	return (int32_t)object->program_count;
}

int32_t shim_object__program(struct shim_object *object, uint32_t index, struct shim_program **out)
{
	if (index >= object->program_count)
		return -ENOENT;
	*out = &object->programs[index];
	return 0;
}

int32_t shim_object__map_count(struct shim_object *object)
{
	return (int32_t)object->map_count;
}

int32_t shim_object__map(struct shim_object *object, uint32_t index, struct shim_map **out)
{
	if (index >= object->map_count)
		return -ENOENT;
	*out = &object->maps[index];
	return 0;
}

/* ---- programs: names and types ----------------------------------------------------------------
 */

const char *shim_program__name(struct shim_program *program)
{
	return bpf_program__name(program->program);
}

const char *shim_program__section(struct shim_program *program)
{
	return bpf_program__section_name(program->program);
}

int32_t shim_program__type(struct shim_program *program)
{
	return (int32_t)bpf_program__type(program->program);
}

int32_t shim_program__attach_type(struct shim_program *program)
{
	return (int32_t)bpf_program__expected_attach_type(program->program);
}
