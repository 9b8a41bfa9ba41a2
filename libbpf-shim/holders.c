// SPDX-License-Identifier: MIT
/*
 * Programs and maps that outlive their run since another process has opened them.
 *
 * Root can open each program, map and link by its number, and pin it in a bpffs; the kernel then
 * keeps it, attached as well when it is a link. Numbers are looked up without opening what they
 * name: a descriptor, however short, would itself keep it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "broker.h"
#include "holders.h"

/* A run that closes more is warned of the first ones. */
#define MAX_LEFT 1024

/* The kernel frees maps some 10 ms after the last program that uses them. */
#define USUAL_NS 50000000
/* A process that lists what is loaded has it open for a moment. */
#define CONFIRM_NS 200000000
#define PAUSE_NS 1000000
/* For one search through all processes. */
#define SEARCH_NS 1000000000

static struct left left[MAX_LEFT];
static size_t left_count;

/* ---- before the object is closed ------------------------------------------------------------- */

static bool is_there(const struct left *entry)
{
	uint32_t next = 0;

	if (!entry->id)
		return false;
	if (entry->kind == KIND_PROGRAM)
		return !bpf_prog_get_next_id(entry->id - 1, &next) && next == entry->id;
	return !bpf_map_get_next_id(entry->id - 1, &next) && next == entry->id;
}

static size_t forget_gone(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < left_count; i++) {
		if (is_there(&left[i]))
			left[kept++] = left[i];
	}
	left_count = kept;
	return kept;
}

/* Objects choose names as they like. */
static void copy_name(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i < size - 1 && from[i]; i++)
		to[i] = from[i] > ' ' && from[i] < 0x7f ? from[i] : '?';
	to[i] = '\0';
}

static void note(enum kernel_kind kind, uint32_t id, const char *name, bool has_struct_ops)
{
	struct left *entry;

	/* A guest may open and close objects without end. */
	if (left_count == MAX_LEFT && forget_gone() == MAX_LEFT)
		return;
	entry = &left[left_count++];
	*entry = (struct left){.kind = kind, .id = id, .has_struct_ops = has_struct_ops};
	copy_name(entry->name, sizeof(entry->name), name);
}

static bool is_struct_ops(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && bpf_map__autocreate(map);
}

static void note_map(const struct bpf_map *map, bool has_struct_ops)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	/* A map that was not created has the descriptor of another file. */
	if (!bpf_map__autocreate(map) || is_struct_ops(map) || bpf_map__fd(map) < 0)
		return;
	if (!bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &size))
		note(KIND_MAP, info.id, bpf_map__name(map), has_struct_ops);
}

static void note_program(const struct bpf_program *program, bool has_struct_ops)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_program__fd(program) < 0)
		return;
	if (!bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size))
		note(KIND_PROGRAM, info.id, bpf_program__name(program), has_struct_ops);
}

void holders_note(const struct bpf_object *object)
{
	const struct bpf_map *map;
	struct bpf_program *program;
	bool has_struct_ops = false;

	/* An object that could not be opened. */
	if (!object)
		return;
	bpf_object__for_each_map(map, object) has_struct_ops |= is_struct_ops(map);
	bpf_object__for_each_program(program, object) note_program(program, has_struct_ops);
	bpf_object__for_each_map(map, object) note_map(map, has_struct_ops);
}

/* ---- afterwards ------------------------------------------------------------------------------ */

/* A struct_ops map in use keeps what its object had; shim_remains__settle() reports that one. */
static void forget_struct_ops(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < left_count; i++) {
		if (!left[i].has_struct_ops)
			left[kept++] = left[i];
	}
	left_count = kept;
}

/* Reports whether something is left at `deadline_ns`. */
static bool is_left_at(int64_t deadline_ns)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	while (forget_gone()) {
		if (shim_now_ns() >= deadline_ns)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Looks for holders; reports whether each entry has one. */
static bool are_explained(int64_t deadline_ns)
{
	for (size_t i = 0; i < left_count; i++) {
		left[i].is_explained = false;
		left[i].pid = 0;
		left[i].holder[0] = '\0';
	}
	holders_find(left, left_count, deadline_ns);
	for (size_t i = 0; i < left_count; i++) {
		if (!left[i].is_explained)
			return false;
	}
	return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int32_t print(char *text, uint32_t size)
{
	uint32_t used = 0;

	for (size_t i = 0; i < left_count; i++) {
		const struct left *entry = &left[i];
		int length = snprintf(text + used, size - used, "%s\t%u\t%s\t%d\t%s\n",
				      entry->kind == KIND_PROGRAM ? "program" : "map", entry->id,
				      entry->name, entry->pid, entry->holder);

		if (length < 0 || (uint32_t)length >= size - used)
			break;
		used += (uint32_t)length;
	}
	return (int32_t)used;
}

static int32_t settle(uint32_t wait_ms, uint32_t without_struct_ops, void *text, uint32_t size)
{
	const int64_t start_ns = shim_now_ns();
	const int64_t deadline_ns = start_ns + (int64_t)wait_ms * 1000000;
	bool was_explained = false;
	int32_t length;

	if (without_struct_ops)
		forget_struct_ops();
	if (!is_left_at(earlier(start_ns + USUAL_NS, deadline_ns)))
		return 0;
	/* Twice in a row, so that a process that only lists things is not taken for a holder. */
	for (;;) {
		const bool explained = are_explained(shim_now_ns() + SEARCH_NS);

		if ((explained && was_explained) || shim_now_ns() >= deadline_ns)
			break;
		was_explained = explained;
		if (!is_left_at(earlier(shim_now_ns() + CONFIRM_NS, deadline_ns)))
			return 0;
	}
	length = print(text, size);
	left_count = 0;
	return length;
}

ON_BROKER_4(shim_holders__settle, settle, uint32_t, uint32_t, void *, uint32_t);
