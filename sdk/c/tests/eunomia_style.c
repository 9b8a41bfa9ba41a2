// SPDX-License-Identifier: MIT
/* Written as programs for eunomia-bpf's libbpf-wasm.h are, with a skeleton of that kind's shape. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "libbpf-wasm.h"
#include "order.h"

typedef uint32_t __u32;
typedef uint64_t __u64;

WASM_BPF_EMBED(elf, "orders.bpf.o");

struct orders_bpf {
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *obj;
	struct {
		struct bpf_map *rb;
		struct bpf_map *hash;
		struct bpf_map *rodata;
	} maps;
	struct {
		struct bpf_program *produce;
		struct bpf_program *pass;
	} progs;
	struct orders_bpf__rodata {
		struct settings settings;
		unsigned int scale;
	} * rodata;
};

static void orders_bpf__destroy(struct orders_bpf *obj)
{
	if (!obj)
		return;
	if (obj->skeleton)
		bpf_object__destroy_skeleton(obj->skeleton);
	free(obj);
}

static struct orders_bpf *orders_bpf__open(void)
{
	struct orders_bpf *obj = (struct orders_bpf *)calloc(1, sizeof(*obj));
	struct bpf_object_skeleton *s = (struct bpf_object_skeleton *)calloc(1, sizeof(*s));

	if (!obj || !s)
		return NULL;
	s->sz = sizeof(*s);
	s->name = "orders_bpf";
	s->map_cnt = 3;
	s->map_skel_sz = sizeof(*s->maps);
	s->maps = (struct bpf_map_skeleton *)calloc(s->map_cnt, s->map_skel_sz);
	s->maps[0].name = "rb";
	s->maps[0].map = &obj->maps.rb;
	s->maps[1].name = "hash";
	s->maps[1].map = &obj->maps.hash;
	s->maps[2].name = "orders_b.rodata";
	s->maps[2].map = &obj->maps.rodata;
	s->maps[2].mmaped = (void **)&obj->rodata;
	s->prog_cnt = 2;
	s->prog_skel_sz = sizeof(*s->progs);
	s->progs = (struct bpf_prog_skeleton *)calloc(s->prog_cnt, s->prog_skel_sz);
	s->progs[0].name = "produce";
	s->progs[0].prog = &obj->progs.produce;
	s->progs[1].name = "pass";
	s->progs[1].prog = &obj->progs.pass;
	s->data = (void *)elf;
	s->data_sz = WASM_BPF_SIZE(elf);
	obj->skeleton = s;
	s->rodata_offset = 0x40;
	s->bss_offset = 0;
	if (bpf_object__open_skeleton(obj->skeleton, NULL)) {
		orders_bpf__destroy(obj);
		return NULL;
	}
	return obj;
}

static int handle_event(void *ctx, void *data, size_t data_sz)
{
	const struct event *e = data;

	(void)ctx;
	printf("%u %s %zu\n", e->number, e->text, data_sz);
	return 0;
}

int main(int argc, char *argv[])
{
	struct bpf_buffer *rb = NULL;
	struct orders_bpf *skel;
	char raw[64];
	int err, fd, lookup_key = 1, next_key = 0;
	uint64_t value = 42;

	skel = orders_bpf__open();
	if (!skel) {
		fprintf(stderr, "Failed to open and load BPF skeleton\n");
		return 1;
	}
	skel->rodata->settings.factor = 3;
	err = bpf_object__load_skeleton(skel->skeleton);
	if (err)
		goto cleanup;
	if (argc > 1)
		bpf_set_prog_attach_target(skel->progs.pass, argv[1]);
	err = bpf_object__attach_skeleton(skel->skeleton);
	printf("attach %d\n", err);
	if (err)
		goto cleanup;
	rb = bpf_buffer__open(skel->maps.rb, handle_event, NULL);
	if (!rb) {
		err = -1;
		goto cleanup;
	}
	fd = bpf_map__fd(skel->maps.hash);
	bpf_map_update_elem(fd, &lookup_key, &value, BPF_ANY);
	while (bpf_map_get_next_key(fd, &next_key, &lookup_key) == 0) {
		value = 0;
		err = bpf_map_lookup_elem(fd, &lookup_key, &value);
		printf("hash %d %llu\n", lookup_key, value);
		next_key = lookup_key;
	}
	place_order(ORDER_RING, 2);
	err = bpf_buffer__poll(rb, 100 /* timeout, ms */);
	printf("polled %d\n", err);
	place_order(ORDER_RING, 1);
	err = wasm_bpf_buffer_poll(skel->maps.rb->obj_ptr, bpf_map__fd(skel->maps.rb),
				   (int32_t)handle_event, 0, raw, sizeof(raw), 100);
	printf("polled %d\n", err);
cleanup:
	bpf_buffer__free(rb);
	orders_bpf__destroy(skel);
	return err < 0 ? -err : 0;
}
