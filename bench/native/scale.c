// SPDX-License-Identifier: MIT
/*
 * The native twin of bench/guests/scale/scale.c, through libbpf.
 *
 *	scale FOLDER object PROGRAMS
 *	scale FOLDER wide BYTES
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../guests/scale/scale.h"

static struct bpf_object *object;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void load(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", folder, name);
	object = bpf_object__open_file(path, NULL);
	if (!object || bpf_object__load(object))
		exit(1);
}

static int ignore(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

static double update_each(void)
{
	int fds[256], count = 0;
	struct bpf_map *map;
	double start;

	bpf_object__for_each_map(map, object) if (bpf_map__type(map) == BPF_MAP_TYPE_HASH)
	    fds[count++] = bpf_map__fd(map);
	start = now_ns();
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		unsigned int key = 1;
		unsigned long long value = i;

		if (bpf_map_update_elem(fds[i % (unsigned int)count], &key, &value, 0))
			exit(1);
	}
	return (now_ns() - start) / OPERATIONS;
}

static double poll_each(void)
{
	struct ring_buffer *rings[10];
	struct bpf_map *map;
	int count = 0;
	double start;

	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF)
			continue;
		rings[count] = ring_buffer__new(bpf_map__fd(map), ignore, NULL, NULL);
		if (!rings[count++])
			exit(1);
	}
	start = now_ns();
	for (int i = 0; i < POLLS; i++)
		if (ring_buffer__poll(rings[i % count], 0))
			exit(1);
	return (now_ns() - start) / POLLS;
}

static void measure_object(const char *folder, const char *programs)
{
	struct bpf_program *program;
	double start = now_ns();
	char name[32];

	snprintf(name, sizeof(name), "scale_%s", programs);
	load(folder, name);
	printf("%.0f\n", now_ns() - start);
	start = now_ns();
	bpf_object__for_each_program(program, object) if (!bpf_program__attach(program)) exit(1);
	printf("%.0f\n", now_ns() - start);
	printf("%.2f\n", update_each());
	printf("%.2f\n", poll_each());
}

static void measure_wide(const char *folder, const char *bytes)
{
	static char values[WIDEST];
	double start = 0;
	char name[32];
	int fd;

	load(folder, "wide");
	snprintf(name, sizeof(name), "w%s", bytes);
	fd = bpf_object__find_map_fd_by_name(object, name);
	if (fd < 0 || libbpf_num_possible_cpus() * atoi(bytes) > WIDEST)
		exit(1);
	for (int round = 0; round < 2; round++) {
		start = now_ns();
		for (int i = 0; i < OPERATIONS; i++) {
			unsigned int key = 0;

			if (bpf_map_lookup_elem(fd, &key, values))
				exit(1);
		}
	}
	printf("%.2f\n", (now_ns() - start) / OPERATIONS);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[2], "object"))
		measure_object(argv[1], argv[3]);
	else if (argc == 4 && !strcmp(argv[2], "wide"))
		measure_wide(argv[1], argv[3]);
	else
		return 2;
	return 0;
}
