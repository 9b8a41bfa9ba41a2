// SPDX-License-Identifier: MIT
/* Settings of programs and maps before the load, and attaching to places that the caller names. */
#include <bpf/libbpf.h>
#include <bpf/bpf.h>
#include <unistd.h>

#include "places.skel.h"

/* Bytes of a call that is ours, as places.bpf.c has them: other processes make the call, too. */
#define OWN_CALL 71

static int failures;

static void expect_at(int line, const char *what, long long got, long long wanted)
{
	if (got == wanted)
		return;
	failures++;
	printf("line %d: %s is %lld, not %lld; errno %d\n", line, what, got, wanted, errno);
}
#define EXPECT(expression, wanted) expect_at(__LINE__, #expression, (expression), (wanted))

static int count_event(void *ctx, void *data, size_t size)
{
	(void)data;
	(void)size;
	++*(int *)ctx;
	return 0;
}

/* Makes the system call whose tracepoint the programs are attached to. */
static void make_call(void)
{
	unsigned char bytes[OWN_CALL];

	getentropy(bytes, sizeof(bytes));
}

static void show_order(struct places_bpf *skel)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program(program, skel->obj) printf("%s ", bpf_program__name(program));
	bpf_object__for_each_map(map, skel->obj) printf("%s ", bpf_map__name(map));
	puts("");
}

static void set_before_load(struct places_bpf *skel)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = "/no/such.btf");

	EXPECT(places_bpf__open_opts(&opts) == NULL && errno == EOPNOTSUPP, 1);
	EXPECT(bpf_map__set_type(skel->maps.numbers, BPF_MAP_TYPE_HASH), 0);
	/* Types for which libbpf keeps more than a number. */
	EXPECT(bpf_map__set_type(skel->maps.numbers, BPF_MAP_TYPE_STRUCT_OPS), -EINVAL);
	EXPECT(bpf_map__set_type(skel->maps.numbers, BPF_MAP_TYPE_ARENA), -EINVAL);
	EXPECT(bpf_map__set_type(skel->maps.numbers, BPF_MAP_TYPE_HASH_OF_MAPS), -EINVAL);
	EXPECT(bpf_map__set_type(skel->maps.bss, BPF_MAP_TYPE_HASH), -EINVAL);
	EXPECT(bpf_program__set_type(skel->progs.filter, BPF_PROG_TYPE_STRUCT_OPS), -EINVAL);
	EXPECT(bpf_program__set_type(skel->progs.filter, BPF_PROG_TYPE_EXT), -EINVAL);
	EXPECT(bpf_program__set_type(skel->progs.filter, (enum bpf_prog_type)200), -EINVAL);
	EXPECT(bpf_program__set_type(skel->progs.filter, BPF_PROG_TYPE_XDP), 0);
	EXPECT(bpf_program__set_expected_attach_type(skel->progs.filter, BPF_XDP), 0);
	EXPECT(bpf_program__set_expected_attach_type(skel->progs.filter, (enum bpf_attach_type)999),
	       -EINVAL);
	EXPECT(bpf_program__set_autoload(skel->progs.filter, true), 0);
	EXPECT(bpf_program__set_autoload(skel->progs.iterate, true), 0);
	EXPECT(bpf_program__set_attach_target(skel->progs.iterate, 0, "no_such"), -ESRCH);
	EXPECT(bpf_program__set_attach_target(skel->progs.iterate, 3, "bpf_map"), -EOPNOTSUPP);
	EXPECT(bpf_program__set_attach_target(skel->progs.first, 0, "bpf_map"), -EINVAL);
	/* It would go over tasks. */
	EXPECT(bpf_program__set_attach_target(skel->progs.iterate, 0, "bpf_map"), 0);
}

static void attach(struct places_bpf *skel, struct ring_buffer *rb, int *count)
{
	struct bpf_link *link;
	char text[64];

	link =
	    bpf_program__attach_tracepoint(skel->progs.anywhere, "syscalls", "sys_enter_getrandom");
	EXPECT(link != NULL, 1);
	make_call();
	EXPECT(ring_buffer__consume_n(rb, 10), 1);
	EXPECT(bpf_link__destroy(link), 0);
	EXPECT(!bpf_program__attach_tracepoint(skel->progs.anywhere, "..", "x") && errno == EINVAL,
	       1);
	EXPECT(!bpf_program__attach_tracepoint(skel->progs.anywhere, "no", "such") &&
		   errno == ENOENT,
	       1);
	link = bpf_program__attach_raw_tracepoint(skel->progs.raw, "sys_enter");
	EXPECT(link != NULL, 1);
	make_call();
	EXPECT(ring__consume_n(ring_buffer__ring(rb, 0), 1), 1);
	EXPECT(bpf_link__destroy(link), 0);
	link = bpf_program__attach_iter(skel->progs.iterate, NULL);
	EXPECT(link != NULL, 1);
	EXPECT(wasm_bpf_iter_read(bpf_link__fd(link), text, sizeof(text)) > 0, 1);
	EXPECT(bpf_link__destroy(link), 0);
	EXPECT(!bpf_program__attach_xdp(skel->progs.filter, 77) && errno == ENXIO, 1);
	EXPECT(!bpf_program__attach_cgroup(skel->progs.filter, 3) && errno == EBADF, 1);
	EXPECT(!bpf_program__attach_perf_event(skel->progs.filter, 3) && errno == EBADF, 1);
	EXPECT(ring_buffer__epoll_fd(rb), -EOPNOTSUPP);
	EXPECT(!ring_buffer__ring(rb, 1) && errno == ERANGE, 1);
	*count = 0;
}

static void user_ring(struct places_bpf *skel)
{
	struct user_ring_buffer *rb = user_ring_buffer__new(bpf_map__fd(skel->maps.requests), NULL);
	unsigned int *sample;

	EXPECT(!user_ring_buffer__new(bpf_map__fd(skel->maps.events), NULL) && errno == EINVAL, 1);
	EXPECT(rb != NULL, 1);
	sample = (unsigned int *)user_ring_buffer__reserve(rb, sizeof(*sample));
	EXPECT(!user_ring_buffer__reserve(rb, 8) && errno == EBUSY, 1);
	*sample = 1;
	errno = 0;
	user_ring_buffer__submit(rb, sample);
	EXPECT(errno, 0);
	user_ring_buffer__discard(rb, user_ring_buffer__reserve(rb, 8));
	user_ring_buffer__free(rb);
}

int main(void)
{
	struct places_bpf *skel = places_bpf__open();
	struct ring_buffer *rb;
	int count = 0;

	if (!skel)
		return 1;
	show_order(skel);
	set_before_load(skel);
	if (places_bpf__load(skel))
		return 1;
	EXPECT(bpf_map__type(skel->maps.numbers), BPF_MAP_TYPE_HASH);
	EXPECT(bpf_map__set_type(skel->maps.numbers, BPF_MAP_TYPE_ARRAY), -EBUSY);
	EXPECT(bpf_program__set_attach_target(skel->progs.iterate, 0, "bpf_map"), -EBUSY);
	EXPECT(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL), 1);
	EXPECT(libbpf_probe_bpf_map_type((enum bpf_map_type)250, NULL), -EOPNOTSUPP);
	EXPECT(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_UNSPEC, NULL), -EINVAL);
	EXPECT(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL), 1);
	rb = ring_buffer__new(bpf_map__fd(skel->maps.events), count_event, &count, NULL);
	EXPECT(rb != NULL, 1);
	attach(skel, rb, &count);
	user_ring(skel);
	EXPECT(places_bpf__attach(skel), 0);
	make_call();
	EXPECT(bpf_map__refresh(skel->maps.bss), 0);
	printf("version %#x %#x\n", skel->kconfig->LINUX_KERNEL_VERSION, skel->bss->version);
	ring_buffer__free(rb);
	places_bpf__destroy(skel);
	printf("failures %d\n", failures);
	return failures != 0;
}
