// SPDX-License-Identifier: MIT
/* Kernel resources of a run: memory of maps, number of programs, and time. */
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "budget.h"

/* Sums below this fit on any machine: the default is not looked up for them. */
#define CERTAIN_BYTES (16ull << 20)

static _Thread_local struct shim_share *in_use;

/* ---- life ------------------------------------------------------------------------------------ */

static void drop(void *object)
{
	struct shim_budget *budget = object;

	if (--budget->references)
		return;
	if (budget->interrupt)
		shim_interrupt_release(budget->interrupt);
	free(budget);
}

int32_t shim_budget__new(struct shim_interrupt *interrupt, uint64_t maps_bytes, uint32_t programs,
			 struct shim_budget **out)
{
	struct shim_budget *budget = calloc(1, sizeof(*budget));

	if (!budget)
		return -ENOMEM;
	if (shim_owned_add(budget, drop)) {
		free(budget);
		return -ENOMEM;
	}
	if (interrupt)
		shim_interrupt__retain(interrupt);
	budget->interrupt = interrupt;
	budget->maps_max = maps_bytes;
	budget->programs_max = programs;
	budget->references = 1;
	*out = budget;
	return 0;
}

void shim_budget__free(struct shim_budget *budget)
{
	if (!budget)
		return;
	shim_owned_remove(budget);
	drop(budget);
}

int64_t shim_budget__maps_used(struct shim_budget *budget)
{
	return (int64_t)budget->maps_used;
}

int32_t shim_object__bound(struct shim_object *object, struct shim_budget *budget)
{
	if (object->load_tried || object->share.budget)
		return -EALREADY;
	budget->references++;
	object->share.budget = budget;
	return 0;
}

void budget_return(struct shim_share *share)
{
	struct shim_budget *budget = share->budget;

	if (!budget)
		return;
	budget->maps_used -= share->maps;
	budget->programs_used -= share->programs;
	drop(budget);
	*share = (struct shim_share){0};
}

void budget_use(struct shim_share *share)
{
	in_use = share;
}

uint32_t budget_cpus(void)
{
	const int cpus = libbpf_num_possible_cpus();

	return cpus > 0 ? (uint32_t)cpus : (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
}

struct shim_share *budget_in_use(void)
{
	return shim_is_probing() ? NULL : in_use;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static uint64_t maps_max(struct shim_budget *budget, uint64_t wanted)
{
	if (!budget->maps_max && wanted > CERTAIN_BYTES)
		budget->maps_max = shim_default_maps_bytes();
	return budget->maps_max ? budget->maps_max : CERTAIN_BYTES;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int refuse_memory(struct shim_budget *budget, const char *name, uint64_t bytes,
			 uint64_t others)
{
	shim_log_add("map '%s' is refused: it takes %" PRIu64 " bytes, other maps %" PRIu64
		     " of the %" PRIu64 " bytes that all maps may take\n",
		     name ? name : "", bytes, others, budget->maps_max);
	return -ENOMEM;
}

static int check_time(struct shim_share *share, const char *what, const char *name)
{
	if (!shim_interrupt_is_over(share->budget->interrupt))
		return 0;
	shim_log_add("interrupted before %s '%s'\n", what, name ? name : "");
	shim_signals_note_cut();
	return -EINTR;
}

int budget_take_map(struct shim_share *share, const char *name, uint64_t bytes)
{
	struct shim_budget *budget = share->budget;
	uint64_t wanted;
	int err;

	if (!budget)
		return 0;
	err = check_time(share, "creating map", name);
	if (err)
		return err;
	wanted = sum(budget->maps_used, bytes);
	if (wanted > maps_max(budget, wanted))
		return refuse_memory(budget, name, bytes, budget->maps_used);
	budget->maps_used = wanted;
	share->maps += bytes;
	shim_doing("creating map", name);
	return 0;
}

void budget_return_map(struct shim_share *share, uint64_t bytes)
{
	if (!share->budget)
		return;
	share->budget->maps_used -= bytes;
	share->maps -= bytes;
}

int budget_take_program(struct shim_share *share, const char *name)
{
	struct shim_budget *budget = share->budget;
	int err;

	if (!budget)
		return 0;
	err = check_time(share, "loading program", name);
	if (err)
		return err;
	if (budget->programs_used >= budget->programs_max) {
		shim_log_add("program '%s' is refused: %u programs are loaded, the limit\n",
			     name ? name : "", budget->programs_max);
		return -EMFILE;
	}
	budget->programs_used++;
	share->programs++;
	shim_doing("loading program", name);
	return 0;
}

void budget_return_program(struct shim_share *share)
{
	if (!share->budget)
		return;
	share->budget->programs_used--;
	share->programs--;
}

void budget_settle(struct shim_share *share, const struct bpf_object *object)
{
	struct bpf_program *program;
	uint32_t count = 0;

	if (!share->budget)
		return;
	bpf_object__for_each_program(program, object) count += bpf_program__fd(program) >= 0;
	share->budget->programs_used += count - share->programs;
	share->programs = count;
}

/* ---- before anything is made ----------------------------------------------------------------- */

static uint64_t memory_of(const struct bpf_map *map, uint32_t cpus)
{
	struct map_shape shape = {
	    .type = bpf_map__type(map),
	    .key_size = bpf_map__key_size(map),
	    .value_size = bpf_map__value_size(map),
	    .max_entries = bpf_map__max_entries(map),
	    .flags = bpf_map__map_flags(map),
	    .extra = bpf_map__map_extra(map),
	};

	if (shape.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && !shape.max_entries)
		shape.max_entries = cpus;
	return map_memory(&shape, cpus);
}

static int check_maps(struct shim_budget *budget, const struct bpf_object *object)
{
	const uint32_t cpus = budget_cpus();
	uint64_t used = budget->maps_used;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		struct bpf_map *inner = bpf_map__inner_map(map);
		uint64_t bytes;

		if (!bpf_map__autocreate(map))
			continue;
		bytes = sum(memory_of(map, cpus), inner ? memory_of(inner, cpus) : 0);
		if (sum(used, bytes) > maps_max(budget, sum(used, bytes)))
			return refuse_memory(budget, bpf_map__name(map), bytes, used);
		used += bytes;
	}
	return 0;
}

int budget_check(struct shim_share *share, const struct bpf_object *object)
{
	struct shim_budget *budget = share->budget;
	struct bpf_program *program;
	uint64_t count;
	int err;

	if (!budget)
		return 0;
	err = check_maps(budget, object);
	if (err)
		return err;
	count = budget->programs_used;
	bpf_object__for_each_program(program, object) count += bpf_program__autoload(program);
	if (count <= budget->programs_max)
		return 0;
	shim_log_add("the object's programs are refused: with them %" PRIu64
		     " are loaded, the limit is %u\n",
		     count, budget->programs_max);
	return -EMFILE;
}
