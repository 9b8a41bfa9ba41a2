// SPDX-License-Identifier: MIT
/*
 * Counts by an object as a program on libbpf does, which chooses its programs by itself.
 *
 * counting OBJECT NUMBER CALLS PROGRAM...  loads and attaches these programs alone, lets a child
 *                                          make CALLS calls getpgid(2), whose number is NUMBER, and
 *                                          prints KEY VALUE for each element of the map "counts"
 * counting call CALLS                      makes the calls, and nothing else
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#define KEYS 16

static void fail(const char *what)
{
	fprintf(stderr, "counting: %s failed\n", what);
	exit(1);
}

static void call(long calls)
{
	for (long i = 0; i < calls; i++)
		(void)!getpgid(0);
}

/* Sets a read-only variable before the load. */
static void set(struct bpf_object *object, const char *name, uint64_t value)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *section = btf__type_by_id(
	    btf, (uint32_t)btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC));
	struct bpf_map *map, *data = NULL;
	size_t size;

	bpf_object__for_each_map(map, object) if (strstr(bpf_map__name(map), ".rodata")) data = map;
	for (uint16_t i = 0; data && i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *variable = btf_var_secinfos(section) + i;
		const struct btf_type *type = btf__type_by_id(btf, variable->type);

		if (strcmp(btf__name_by_offset(btf, type->name_off), name) != 0)
			continue;
		memcpy((char *)bpf_map__initial_value(data, &size) + variable->offset, &value,
		       variable->size);
		return;
	}
	fail(name);
}

static void choose(struct bpf_object *object, char **names, int count)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		bool chosen = false;

		for (int i = 0; i < count; i++)
			chosen |= strcmp(bpf_program__name(program), names[i]) == 0;
		bpf_program__set_autoload(program, chosen);
	}
}

static void attach(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) if (bpf_program__autoload(program) &&
							  !bpf_program__attach(program))
	    fail("bpf_program__attach");
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	int gate[2], counts;
	char byte = 0;
	pid_t child;

	if (argc == 3 && strcmp(argv[1], "call") == 0) {
		call(atol(argv[2]));
		return 0;
	}
	if (argc < 5 || pipe(gate))
		return 2;
	child = fork();
	if (!child) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) == 1)
			call(atol(argv[3]));
		_exit(0);
	}
	object = bpf_object__open_file(argv[1], NULL);
	close(gate[0]);
	if (child < 0 || !object)
		fail("bpf_object__open_file");
	choose(object, argv + 4, argc - 4);
	set(object, "targ_pid", (uint64_t)child);
	set(object, "only_call", strtoull(argv[2], NULL, 10));
	if (bpf_object__load(object))
		fail("bpf_object__load");
	attach(object);
	if (write(gate[1], &byte, 1) != 1 || waitpid(child, NULL, 0) != child)
		fail("waitpid");
	counts = bpf_object__find_map_fd_by_name(object, "counts");
	for (uint32_t key = 0; key < KEYS; key++) {
		uint64_t value;

		if (!bpf_map_lookup_elem(counts, &key, &value))
			printf("%u %llu\n", key, (unsigned long long)value);
	}
	return 0;
}
