// SPDX-License-Identifier: MIT
/* Calls of the headers with libbpf's names: their results and their errors. */
#include <libbpf-wasm.h>
#include <time.h>

#include "order.h"

WASM_BPF_EMBED(elf, "orders.bpf.o");

static int failures;

/* Compares a result with what it has to be; an error also with errno. */
static void expect_at(int line, const char *what, long long got, long long wanted)
{
	if (got == wanted && (wanted >= 0 || errno == -wanted))
		return;
	failures++;
	printf("line %d: %s is %lld, not %lld; errno %d\n", line, what, got, wanted, errno);
}
#define EXPECT(expression, wanted) expect_at(__LINE__, #expression, (expression), (wanted))

static unsigned int seen, stop_at;
static size_t last_size;
static unsigned long long lost;

static int on_event(void *ctx, void *data, size_t size)
{
	const struct event *event = (const struct event *)data;

	EXPECT(event->number, *(unsigned int *)ctx + seen);
	last_size = size;
	seen++;
	return stop_at && seen == stop_at ? -77 : 0;
}

static int on_any(void *ctx, void *data, size_t size)
{
	(void)data;
	*(unsigned int *)ctx += 1;
	last_size = size;
	return 0;
}

static void on_perf(void *ctx, int cpu, void *data, __u32 size)
{
	(void)data;
	EXPECT(cpu >= 0, 1);
	last_size = size;
	*(unsigned int *)ctx += 1;
}

static void on_lost(void *ctx, int cpu, __u64 count)
{
	(void)ctx;
	EXPECT(cpu == -1, 1);
	lost += count;
}

static struct bpf_object *open_object(void)
{
	struct bpf_object *obj = bpf_object__open_mem(elf, WASM_BPF_SIZE(elf), NULL);

	if (!obj)
		exit(1);
	return obj;
}

static int fd_of(const struct bpf_object *obj, const char *map)
{
	return bpf_object__find_map_fd_by_name(obj, map);
}

/* ---- objects -------------------------------------------------------------------------------- */

static void objects(void)
{
	struct bpf_object *obj = open_object(), *other;
	struct bpf_program *program;
	struct bpf_map *map;
	struct settings settings = {.factor = 3, .addend = 4}, *initial;
	unsigned int count = 0, number = 9;
	size_t size = 0;

	bpf_object__for_each_map(map, obj) count++;
	EXPECT(count, 8);
	count = 0;
	bpf_object__for_each_program(program, obj) count++;
	EXPECT(count, 3);
	EXPECT(!bpf_object__find_map_by_name(obj, "no_such") && errno == ENOENT, 1);
	EXPECT(!bpf_object__find_program_by_name(obj, "emit") && errno == ENOENT, 1);
	program = bpf_object__find_program_by_name(obj, "produce");
	EXPECT(strcmp(bpf_program__section_name(program), "tp/syscalls/sys_enter_getrandom"), 0);

	/* Before the load. */
	EXPECT(bpf_program__autoload(program), 1);
	program = bpf_object__find_program_by_name(obj, "optional");
	EXPECT(bpf_program__autoload(program), 0);
	EXPECT(strcmp(bpf_program__section_name(program), "tp/no_such/tracepoint"), 0);
	program = bpf_object__find_program_by_name(obj, "pass");
	EXPECT(bpf_program__set_autoload(program, false), 0);
	map = bpf_object__find_map_by_name(obj, "hash");
	EXPECT(bpf_map__set_max_entries(map, 77), 0);
	EXPECT(bpf_map__set_value_size(map, 24), 0);
	EXPECT(bpf_map__set_key_size(map, 8), 0);
	EXPECT(bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, ".bss"), 2), -EINVAL);
	EXPECT(bpf_map__set_autocreate(bpf_object__find_map_by_name(obj, "per_cpu"), false), 0);
	EXPECT(fd_of(obj, "hash"), -EINVAL);
	EXPECT(bpf_object__set_variable(obj, "settings", &settings, sizeof(settings)), 0);
	EXPECT(bpf_object__set_variable(obj, "settings", &settings, 4), -EINVAL);
	EXPECT(bpf_object__set_variable(obj, "no_such", &settings, 4), -ENOENT);
	EXPECT(bpf_object__set_variable(obj, "rb", &settings, 16), -ENOENT);
	map = bpf_object__find_map_by_name(obj, "any.rodata");
	initial = (struct settings *)bpf_map__initial_value(map, &size);
	EXPECT(bpf_map__is_internal(map), 1);
	EXPECT(initial->addend, 4);
	EXPECT(bpf_map__set_initial_value(map, initial, size + 1), -EINVAL);
	EXPECT(bpf_map__refresh(map), -EINVAL);

	EXPECT(bpf_object__load(obj), 0);
	EXPECT(bpf_map__set_initial_value(map, initial, size), -EBUSY);
	EXPECT(bpf_object__load(obj), -EALREADY);
	EXPECT(bpf_map__max_entries(bpf_object__find_map_by_name(obj, "hash")), 77);
	EXPECT(bpf_map__value_size(bpf_object__find_map_by_name(obj, "hash")), 24);
	EXPECT(bpf_map__key_size(bpf_object__find_map_by_name(obj, "hash")), 8);
	EXPECT(bpf_program__set_autoload(program, true), -EBUSY);
	EXPECT(!bpf_program__attach_to(program, "lo"), 1);
	EXPECT(bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "hash"), 1), -EBUSY);
	EXPECT(libbpf_num_possible_cpus() >= 1, 1);
	EXPECT(bpf_object__set_variable(obj, "settings", &settings, sizeof(settings)), -EPERM);
	EXPECT(bpf_object__set_variable(obj, "calls", &number, sizeof(number)), 0);
	number = 0;
	EXPECT(bpf_object__get_variable(obj, "calls", &number, sizeof(number)), 0);
	EXPECT(number, 9);
	EXPECT(bpf_object__get_variable(obj, "calls", &number, 2), -EINVAL);
	EXPECT(bpf_object__get_variable(obj, "no_such", &number, 4), -ENOENT);
	map = bpf_object__find_map_by_name(obj, ".bss");
	EXPECT(bpf_map__refresh(map), 0);
	EXPECT(*(unsigned int *)bpf_map__initial_value(map, NULL), 9);

	/* Another one of the same bytes begins anew. */
	other = open_object();
	initial = (struct settings *)bpf_map__initial_value(
	    bpf_object__find_map_by_name(other, ".rodata"), NULL);
	EXPECT(initial->factor, 1);
	bpf_object__close(other);
	bpf_object__close(obj);
	bpf_object__close(NULL);
	EXPECT(!bpf_object__open_mem("no ELF", 6, NULL) && errno == LIBBPF_ERRNO__FORMAT, 1);
}

/* Maps that were not made are not there. */
static void maps_that_are_not_made(void)
{
	static const char *const names[] = {"rb", "second_rb", "pb", "hash"};
	struct bpf_object *obj = open_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(obj, names[i]);

		EXPECT(bpf_map__set_autocreate(map, false), 0);
	}
	EXPECT(bpf_program__set_autoload(bpf_object__find_program_by_name(obj, "produce"), false),
	       0);
	EXPECT(bpf_object__load(obj), 0);
	EXPECT(fd_of(obj, "hash"), -ENOENT);
	EXPECT(!ring_buffer__new(fd_of(obj, "rb"), on_any, NULL, NULL), 1);
	EXPECT(!perf_buffer__new(fd_of(obj, "pb"), 8, on_perf, NULL, NULL, NULL), 1);
	bpf_object__close(obj);
}

/* Loads with one setting of one map, and uses every map that there is then. */
static bool load_configured(const char *name, uint32_t setting, uint32_t value)
{
	static unsigned char key[8192], element[1 << 20];
	struct bpf_object *obj = open_object();
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	unsigned int got = 0;
	bool loaded;

	wasm_bpf_object_configure(obj->handle, name, setting, value);
	loaded = !bpf_object__load(obj);
	if (loaded) {
		bpf_object__for_each_map(map, obj)
		{
			struct bpf_buffer *buffer = bpf_buffer__open(map, on_any, &got);

			bpf_map_update_elem(bpf_map__fd(map), key, element, BPF_ANY);
			bpf_map_lookup_elem(bpf_map__fd(map), key, element);
			if (buffer)
				bpf_buffer__poll(buffer, 1);
			bpf_buffer__free(buffer);
		}
	}
	bpf_object__close(obj);
	return loaded;
}

/* Gives settings from the guest's input and prints the results. */
static void any_setting(void)
{
	static const char *const names[] = {"rb", "pb", "hash", "per_cpu", ".bss"};
	static const uint32_t values[] = {0, 1, 7, 4096, 70000};
	unsigned int loads = 0;

	for (int i = 0; i < 5; i++)
		for (uint32_t setting = 0; setting < 7; setting++)
			for (int j = 0; j < 5; j++)
				loads += load_configured(names[i], setting, values[j]);
	EXPECT(loads > 50, 1);
}

/* ---- maps ----------------------------------------------------------------------------------- */

static void elements(int fd)
{
	unsigned int key = 1, next;
	unsigned long long value = 10;

	EXPECT(bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST), 0);
	EXPECT(bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST), -EEXIST);
	EXPECT(bpf_map_update_elem(fd, &key, &value, 99), -EINVAL);
	value = 0;
	EXPECT(bpf_map_lookup_elem(fd, &key, &value), 0);
	EXPECT(value, 10);
	EXPECT(bpf_map_get_next_key(fd, NULL, &next), 0);
	EXPECT(bpf_map_get_next_key(fd, &next, &next), -ENOENT);
	EXPECT(bpf_map_lookup_and_delete_elem(fd, &key, &value), 0);
	EXPECT(bpf_map_lookup_elem(fd, &key, &value), -ENOENT);
	EXPECT(bpf_map_delete_elem(fd, &key), -ENOENT);
	EXPECT(bpf_map_lookup_elem(-1, &key, &value), -EBADF);
	EXPECT(bpf_map_lookup_elem(fd, (void *)-1, &value), -EFAULT);
}

static void batches(int fd)
{
	unsigned int keys[4] = {1, 2, 3, 4}, count = 4, at;
	unsigned long long values[4] = {10, 20, 30, 40};

	EXPECT(bpf_map_update_batch(fd, keys, values, &count, NULL), 0);
	EXPECT(bpf_map_update_elem(fd, &(unsigned int){5}, values, BPF_ANY), -E2BIG);
	memset(values, 0, sizeof(values));
	EXPECT(bpf_map_lookup_batch(fd, NULL, &at, keys, values, &count, NULL), -ENOENT);
	EXPECT(count, 4);
	EXPECT(values[0] + values[1] + values[2] + values[3], 100);
	count = 1;
	EXPECT(bpf_map_delete_batch(fd, &(unsigned int){3}, &count, NULL), 0);
	count = 4;
	EXPECT(bpf_map_lookup_and_delete_batch(fd, NULL, &at, keys, values, &count, NULL), -ENOENT);
	EXPECT(count, 3);
}

static void maps(void)
{
	struct bpf_object *obj = open_object();
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "hash");
	unsigned int key = 1;
	unsigned long long value = 5;

	EXPECT(bpf_map__type(map), 0);
	EXPECT(bpf_object__load(obj), 0);
	EXPECT(bpf_map__type(map), BPF_MAP_TYPE_HASH);
	EXPECT(bpf_map__key_size(map), 4);
	EXPECT(bpf_map__value_size(map), 8);
	EXPECT(bpf_map__max_entries(map), 4);
	elements(bpf_map__fd(map));
	batches(bpf_map__fd(map));
	EXPECT(bpf_map__update_elem(map, &key, 4, &value, 8, BPF_ANY), 0);
	EXPECT(bpf_map__update_elem(map, &key, 8, &value, 8, BPF_ANY), -EINVAL);
	EXPECT(bpf_map__lookup_elem(map, &key, 4, &value, 4, 0), -EINVAL);
	EXPECT(bpf_map__lookup_elem(map, &key, 4, &value, 8, 0), 0);
	EXPECT(bpf_map__get_next_key(map, NULL, &key, 4), 0);
	EXPECT(bpf_map__delete_elem(map, &key, 4, 0), 0);
	EXPECT(bpf_map__lookup_and_delete_elem(map, &key, 4, &value, 8, 0), -ENOENT);
	map = bpf_object__find_map_by_name(obj, "per_cpu");
	EXPECT(bpf_map__value_size(map), 8);
	bpf_object__close(obj);
}

/* ---- events --------------------------------------------------------------------------------- */

static void ring_buffers(struct bpf_object *obj)
{
	unsigned int first = 100, second = 0;
	struct ring_buffer *rb = ring_buffer__new(fd_of(obj, "rb"), on_event, &first, NULL);

	EXPECT(rb != NULL, 1);
	EXPECT(ring_buffer__poll(rb, 0), 0);
	place_order(ORDER_RING, 2000);
	stop_at = 3;
	EXPECT(ring_buffer__poll(rb, 100) == -77, 1);
	EXPECT(seen, 3);
	EXPECT(ring_buffer__consume(rb), 1997);
	EXPECT(last_size, sizeof(struct event));
	stop_at = 0;
	EXPECT(ring_buffer__add(rb, fd_of(obj, "second_rb"), on_any, &second), 0);
	place_order(ORDER_SECOND_RING, 4);
	EXPECT(ring_buffer__poll(rb, 1000), 4);
	EXPECT(second, 4);
	EXPECT(ring_buffer__poll(rb, 30), 0);
	ring_buffer__free(rb);
	EXPECT(!ring_buffer__new(fd_of(obj, "hash"), on_any, NULL, NULL) && errno == EINVAL, 1);
	EXPECT(!ring_buffer__new(-1, on_any, NULL, NULL) && errno == EBADF, 1);

	rb = ring_buffer__new(fd_of(obj, "rb"), on_any, &second, NULL);
	second = 0;
	place_order(ORDER_LONG, 2);
	EXPECT(ring_buffer__consume(rb), 2);
	EXPECT(second, 2);
	EXPECT(last_size, LONG_SIZE);
	ring_buffer__free(rb);
	ring_buffer__free(NULL);
}

/* Every event, in order, through a ring that holds some ten thousand. */
static void many_events(struct bpf_object *obj)
{
	unsigned int first = 0;
	struct ring_buffer *rb = ring_buffer__new(fd_of(obj, "rb"), on_event, &first, NULL);

	bpf_object__set_variable(obj, "first_number", &first, sizeof(first));
	seen = 0;
	for (int round = 0; round < 200 && !failures; round++) {
		place_order(ORDER_RING, 5000);
		EXPECT(ring_buffer__consume(rb), 5000);
	}
	EXPECT(seen, 1000000);
	ring_buffer__free(rb);
}

static void perf_buffers(struct bpf_object *obj)
{
	unsigned int got = 0, sent = 5;
	struct perf_buffer *pb =
	    perf_buffer__new(fd_of(obj, "pb"), 8, on_perf, on_lost, &got, NULL);

	EXPECT(pb != NULL, 1);
	place_order(ORDER_PERF, sent);
	EXPECT(perf_buffer__poll(pb, 1000) > 0, 1);
	EXPECT(perf_buffer__consume(pb) >= 0, 1);
	EXPECT(got, 5);
	EXPECT(last_size >= sizeof(struct event), 1);
	EXPECT(lost, 0);
	/* The kernel reports the loss with the next event that it has room for on the same CPU: by
	   then, this may run on another one. */
	for (int attempt = 0; attempt < 20 && !lost; attempt++) {
		for (int i = 0; i < 16; i++)
			place_order(ORDER_PERF, 65535);
		EXPECT(perf_buffer__consume(pb) > 0, 1);
		place_order(ORDER_PERF, 1);
		EXPECT(perf_buffer__consume(pb) >= 0, 1);
		sent += 16 * 65535 + 1;
	}
	EXPECT(lost > 0, 1);
	EXPECT(got + lost <= sent, 1);
	perf_buffer__free(pb);
	perf_buffer__free(NULL);
}

static void events(void)
{
	struct bpf_object *obj = open_object();
	struct bpf_link *link;
	struct bpf_program *pass;
	unsigned int got = 0;
	struct bpf_buffer *buffer;

	EXPECT(bpf_object__load(obj), 0);
	link = bpf_program__attach(bpf_object__find_program_by_name(obj, "produce"));
	EXPECT(link != NULL, 1);
	ring_buffers(obj);
	many_events(obj);
	perf_buffers(obj);
	buffer = bpf_buffer__open(bpf_object__find_map_by_name(obj, "rb"), on_any, &got);
	place_order(ORDER_RING, 2);
	EXPECT(bpf_buffer__poll(buffer, 0), 2);
	bpf_buffer__free(buffer);
	bpf_buffer__free(NULL);

	EXPECT(bpf_link__destroy(link), 0);
	EXPECT(bpf_link__destroy(NULL), 0);
	buffer = bpf_buffer__open(bpf_object__find_map_by_name(obj, "rb"), on_any, &got);
	place_order(ORDER_RING, 2);
	EXPECT(bpf_buffer__poll(buffer, 1), 0);
	bpf_buffer__free(buffer);

	pass = bpf_object__find_program_by_name(obj, "pass");
	EXPECT(!bpf_program__attach_to(pass, "no-such-if0") && errno == ENODEV, 1);
	EXPECT(!bpf_program__attach_usdt(pass, -1, "/bin/true", "a", "b", NULL), 1);
	EXPECT(bpf_program__fd(pass) > 0, 1);
	EXPECT(bpf_program__set_target(pass, "no-such-if0"), 0);
	bpf_program__set_autoattach(pass, false);
	EXPECT(bpf_object__attach(obj), 0);
	bpf_program__set_autoattach(bpf_object__find_program_by_name(obj, "produce"), false);
	bpf_program__set_autoattach(pass, true);
	EXPECT(bpf_object__attach(obj), -ENODEV);
	bpf_object__close(obj);
}

static bool is_fast;

/* Handles the first events slowly enough for a signal to come meanwhile. */
static int on_slow(void *ctx, void *data, size_t size)
{
	unsigned int *seen = ctx;
	struct timespec start, now;

	(void)data;
	(void)size;
	if (!(*seen)++)
		puts("first event");
	fflush(stdout);
	timespec_get(&start, TIME_UTC);
	do
		timespec_get(&now, TIME_UTC);
	while (!is_fast &&
	       (now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 100000000);
	return 0;
}

/* A signal ends a batch after the current event, and the rest is not lost. */
static int slow_events(void)
{
	struct bpf_object *obj = open_object();
	struct ring_buffer *rb;
	unsigned int seen = 0, first;

	EXPECT(bpf_object__load(obj), 0);
	EXPECT(bpf_program__attach(bpf_object__find_program_by_name(obj, "produce")) != NULL, 1);
	rb = ring_buffer__new(bpf_object__find_map_fd_by_name(obj, "rb"), on_slow, &seen, NULL);
	place_order(ORDER_RING, 100);
	EXPECT(ring_buffer__poll(rb, 5000) < 100, 1);
	first = seen;
	is_fast = true;
	EXPECT(ring_buffer__poll(rb, 5000), -EINTR);
	EXPECT(ring_buffer__poll(rb, 0), (int)(100 - first));
	EXPECT(seen, 100);
	puts(failures ? "failed" : "all well");
	return failures != 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return slow_events();
	objects();
	maps_that_are_not_made();
	any_setting();
	maps();
	events();
	printf("failures %d\n", failures);
	return failures != 0;
}
