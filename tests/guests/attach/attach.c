// SPDX-License-Identifier: MIT
/*
 * attach.wasm OBJECT [PROGRAM TARGET]...
 *
 * Loads one of the objects of this folder, attaches each program to its target ("-" for a null
 * pointer), prints the results, and then the counter at each change, until it is interrupted.
 */
#include <stdio.h>
#include <string.h>

#include "wasm_bpf.h"

WASM_BPF_EMBED(net, "net.bpf.o");
WASM_BPF_EMBED(cgroup, "cgroup.bpf.o");
WASM_BPF_EMBED(cgroup_unix, "cgroup_unix.bpf.o");
WASM_BPF_EMBED(tp_btf, "tp_btf.bpf.o");
WASM_BPF_EMBED(trace, "trace.bpf.o");
WASM_BPF_EMBED(kprobe, "kprobe.bpf.o");
WASM_BPF_EMBED(kprobe_multi, "kprobe_multi.bpf.o");
WASM_BPF_EMBED(fentry, "fentry.bpf.o");
WASM_BPF_EMBED(fexit, "fexit.bpf.o");
WASM_BPF_EMBED(lsm, "lsm.bpf.o");
WASM_BPF_EMBED(paths, "paths.bpf.o");
WASM_BPF_EMBED(arena, "arena.bpf.o");
WASM_BPF_EMBED(write_user, "write_user.bpf.o");
WASM_BPF_EMBED(system_call, "system_call.bpf.o");
WASM_BPF_EMBED(foreign_map, "foreign_map.bpf.o");
WASM_BPF_EMBED(struct_ops, "struct_ops.bpf.o");
WASM_BPF_EMBED(kconfig, "kconfig.bpf.o");
WASM_BPF_EMBED(netkit, "netkit.bpf.o");
WASM_BPF_EMBED(lsm_cgroup, "lsm_cgroup.bpf.o");
WASM_BPF_EMBED(fsession, "fsession.bpf.o");

#define OBJECT(name)                                                                               \
	{                                                                                          \
#name, name, name##_end                                                            \
	}

static const struct {
	const char *name;
	const unsigned char *start, *end;
} objects[] = {
    OBJECT(net),	  OBJECT(cgroup),     OBJECT(trace),	   OBJECT(kprobe),
    OBJECT(kprobe_multi), OBJECT(fentry),     OBJECT(fexit),	   OBJECT(lsm),
    OBJECT(paths),	  OBJECT(arena),      OBJECT(write_user),  OBJECT(system_call),
    OBJECT(foreign_map),  OBJECT(struct_ops), OBJECT(kconfig),	   OBJECT(netkit),
    OBJECT(lsm_cgroup),	  OBJECT(fsession),   OBJECT(cgroup_unix), OBJECT(tp_btf),
};

static int load(const char *name, struct wasm_bpf_object *object)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (!strcmp(name, objects[i].name))
			return wasm_bpf_object__load(object, objects[i].start,
						     (size_t)(objects[i].end - objects[i].start));
	return -1;
}

static int ignore(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

/* Prints the counter when it changes, until a poll is interrupted. */
static void watch(struct wasm_bpf_object object)
{
	struct wasm_bpf_events events = {.object = object, .handle_event = ignore};
	unsigned long long value, last = 0;
	struct wasm_bpf_map counts;
	unsigned int key = 0;

	wasm_bpf_object__find_map(object, "counts", &counts);
	wasm_bpf_object__find_map(object, "events", &events.map);
	do {
		if (!wasm_bpf_map__lookup(counts, &key, &value) && value != last) {
			printf("count %llu\n", value);
			fflush(stdout);
			last = value;
		}
	} while (wasm_bpf_events__poll(&events, 10) >= 0);
}

int main(int argc, char **argv)
{
	struct wasm_bpf_object object;
	int failed = 0;

	if (argc < 2 || load(argv[1], &object)) {
		printf("load failed\n");
		return 1;
	}
	for (int i = 2; i + 1 < argc; i += 2) {
		const char *target = strcmp(argv[i + 1], "-") ? argv[i + 1] : NULL;
		int result = wasm_attach_bpf_program(object.handle, argv[i], target);

		printf("%s %d\n", argv[i], result);
		failed |= result;
	}
	if (!failed) {
		printf("attached\n");
		fflush(stdout);
		watch(object);
	}
	printf("close %d\n", wasm_bpf_object__close(object));
	return 0;
}
