// SPDX-License-Identifier: MIT
/*
 * Programs that outlive their run.
 *
 * The kernel unloads programs when their last descriptor is closed, except parts of the kernel that
 * are in use: a socket keeps its congestion control, an interface its queueing discipline. Those
 * are struct_ops maps with their programs. Numbers of maps are used again after 2^31 others only.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker.h"
#include "remains.h"

/* A run that loads more is warned of the first ones. */
#define MAX_NOTED 64

/* Between two looks at what is left. */
#define PAUSE_NS 5000000

struct noted {
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN];
	/* The kernel's structure, such as "tcp_congestion_ops". */
	char kind[64];
	/* Of a congestion control, or empty. */
	char congestion[SHIM_CONGESTION_SIZE];
	struct shim_congestion_users users;
};

static struct noted noted[MAX_NOTED];
static size_t noted_count;

/* ---- before the object is closed ------------------------------------------------------------- */

/* A printable copy; object files choose names as they like. */
static void copy_name(char *to, size_t size, const char *from, size_t length)
{
	size_t i;

	for (i = 0; i < size - 1 && i < length && from[i]; i++)
		to[i] = from[i] > ' ' && from[i] < 0x7f ? from[i] : '?';
	to[i] = '\0';
}

/* The member `name` of a congestion control's initial value, as the kernel got it. */
static void copy_congestion(struct noted *entry, const struct bpf_map *map, const struct btf *btf,
			    const struct btf_type *type)
{
	size_t size;
	const char *value = bpf_map__initial_value(map, &size);

	if (!value || strcmp(entry->kind, "tcp_congestion_ops"))
		return;
	for (uint16_t i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = &btf_members(type)[i];
		const char *name = btf__name_by_offset(btf, member->name_off);
		const size_t offset = btf_member_bit_offset(type, i) / 8;

		if (!name || strcmp(name, "name") || offset >= size)
			continue;
		snprintf(entry->congestion, sizeof(entry->congestion), "%.*s", (int)(size - offset),
			 value + offset);
		return;
	}
}

static void note_map(const struct bpf_map *map, const struct btf *btf)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	struct noted *entry = &noted[noted_count];
	const struct btf_type *type = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	const char *kind = type ? btf__name_by_offset(btf, type->name_off) : NULL;

	if (!kind || bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &size))
		return;
	*entry = (struct noted){.id = info.id};
	copy_name(entry->name, sizeof(entry->name), info.name, sizeof(info.name));
	copy_name(entry->kind, sizeof(entry->kind), kind, strlen(kind));
	if (btf_is_struct(type))
		copy_congestion(entry, map, btf, type);
	noted_count++;
}

void shim_remains_note(const struct bpf_object *object)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (btf && noted_count < MAX_NOTED && bpf_map__fd(map) >= 0 &&
		    bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && bpf_map__autocreate(map))
			note_map(map, btf);
	}
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static bool is_there(const struct noted *entry)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int fd = bpf_map_get_fd_by_id(entry->id);
	bool is_same;

	/* Without the right to look, nothing is known. */
	if (fd < 0)
		return false;
	is_same = !bpf_map_get_info_by_fd(fd, &info, &size) && info.id == entry->id &&
		  info.type == BPF_MAP_TYPE_STRUCT_OPS;
	close(fd);
	return is_same;
}

/* Forgets those that are gone; how many are left. */
static size_t forget_gone(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < noted_count; i++) {
		if (is_there(&noted[i]))
			noted[kept++] = noted[i];
	}
	noted_count = kept;
	return kept;
}

static void pause_a_moment(void)
{
	struct timespec pause = {.tv_nsec = PAUSE_NS};

	nanosleep(&pause, NULL);
}

static void restore_users(int64_t deadline_ns,
			  void (*restore)(const char *name, int64_t deadline_ns,
					  struct shim_congestion_users *users))
{
	for (size_t i = 0; i < noted_count; i++) {
		if (*noted[i].congestion)
			restore(noted[i].congestion, deadline_ns, &noted[i].users);
	}
}

static int32_t print(char *text, uint32_t size)
{
	uint32_t used = 0;

	for (size_t i = 0; i < noted_count; i++) {
		const struct noted *entry = &noted[i];
		int length =
		    snprintf(text + used, size - used, "%u %s %s %u %u\n", entry->id, entry->kind,
			     entry->name, entry->users.restored, entry->users.left);

		if (length < 0 || (uint32_t)length >= size - used)
			break;
		used += (uint32_t)length;
	}
	return (int32_t)used;
}

static int32_t settle(uint32_t wait_ms, void *text, uint32_t size)
{
	const int64_t deadline_ns = shim_now_ns() + (int64_t)wait_ms * 1000000;
	int32_t length;

	if (!forget_gone())
		return 0;
	restore_users(deadline_ns, shim_congestion_restore);
	if (forget_gone())
		restore_users(deadline_ns, shim_congestion_restore_rest);
	/* Until the kernel has gone through what was released. */
	while (forget_gone() && shim_now_ns() < deadline_ns)
		pause_a_moment();
	length = print(text, size);
	noted_count = 0;
	return length;
}

ON_BROKER_3(shim_remains__settle, settle, uint32_t, void *, uint32_t);
