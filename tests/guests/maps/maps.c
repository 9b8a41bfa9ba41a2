// SPDX-License-Identifier: MIT
/*
 * Operates on a map of every type, one type a sub-command, and prints the results, which the test
 * compares. Exits with 1 if the setup fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm_bpf_ext.h"
#include "maps.h"

WASM_BPF_EMBED(maps_bpf, "maps.bpf.o");
WASM_BPF_EMBED(cgroup_bpf, "cgroup.bpf.o");

#define LOCK 4 /* BPF_F_LOCK */

static uint64_t object;

/* ---- shared by the sub-commands -------------------------------------------------------------- */

static uint64_t load(const void *bytes, size_t size)
{
	uint64_t loaded = wasm_load_bpf_object(bytes, size);

	if (!loaded)
		exit(1);
	return loaded;
}

static void touch(void)
{
	extern int random_get(void *, size_t)
	    __attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get")));
	static int attached;
	const size_t size = ORDER_TOUCH << 16;
	char *bytes = malloc(size);

	if (!attached && wasm_attach_bpf_program(object, "touch", NULL))
		exit(1);
	attached = 1;
	if (!bytes || random_get(bytes, size))
		exit(1);
	free(bytes);
}

static int token(const char *name)
{
	return wasm_bpf_map_fd_by_name(object, name);
}

static int lookup(int map, const void *key, void *value)
{
	return wasm_bpf_map_operate(map, WASM_BPF_MAP_LOOKUP, key, value, NULL, 0);
}

static int update(int map, const void *key, const void *value, uint64_t flags)
{
	return wasm_bpf_map_operate(map, WASM_BPF_MAP_UPDATE, key, (void *)value, NULL, flags);
}

static int delete (int map, const void *key)
{
	return wasm_bpf_map_operate(map, WASM_BPF_MAP_DELETE, key, NULL, NULL, 0);
}

static int next(int map, const void *key, void *next_key)
{
	return wasm_bpf_map_operate(map, WASM_BPF_MAP_GET_NEXT_KEY, key, NULL, next_key, 0);
}

static int put(int map, unsigned int key, unsigned int value, uint64_t flags)
{
	return update(map, &key, &value, flags);
}

static int get(int map, unsigned int key)
{
	unsigned int value;
	int err = lookup(map, &key, &value);

	return err ? err : (int)value;
}

static int drop(int map, unsigned int key)
{
	return delete (map, &key);
}

static int count(int map)
{
	unsigned long long key[4];
	int found = 0, err = next(map, NULL, key);

	for (; !err; err = next(map, key, key))
		found++;
	return err == -WASM_BPF_ENOENT ? found : err;
}

/* Reads a variable of the eBPF half, by its offset in .bss or .data. */
static unsigned int global(const char *section)
{
	unsigned int values[64], key = 0;
	struct wasm_bpf_map_info info;
	int map = token(section);

	if (wasm_bpf_map_info(map, &info) || info.value_size > sizeof(values) ||
	    lookup(map, &key, values))
		exit(1);
	return values[0];
}

/* ---- plain bytes ----------------------------------------------------------------------------- */

static void hash(void)
{
	int map = token("hash"), full = 0;

	printf("none %d", put(map, 1, 10, WASM_BPF_EXIST));
	printf(" new %d %d", put(map, 1, 10, WASM_BPF_NOEXIST), get(map, 1));
	printf(" again %d", put(map, 1, 11, WASM_BPF_NOEXIST));
	printf(" replace %d %d", put(map, 1, 12, WASM_BPF_EXIST), get(map, 1));
	printf(" any %d", put(map, 2, 20, WASM_BPF_ANY));
	printf(" flags %d lock %d", put(map, 2, 20, 64), put(map, 2, 20, LOCK));
	for (unsigned int i = 3; !full; i++)
		full = put(map, i, i, WASM_BPF_ANY);
	printf(" full %d count %d", full, count(map));
	printf(" delete %d %d count %d\n", drop(map, 1), drop(map, 1), count(map));
}

static void fill(int map)
{
	for (unsigned int i = 0; i < 1000; i++)
		put(map, i, i, 0);
}

/*
 * The kernel starts over if the current key is gone, so this reads the next key before it deletes
 * an element.
 */
static void iterate(void)
{
	static unsigned char seen[1000];
	unsigned int key, following, steps = 0, twice = 0;
	int map = token("many"), err;

	fill(map);
	for (err = next(map, NULL, &key); !err && steps < 5000; err = next(map, &key, &key)) {
		twice += seen[key];
		seen[key] = 1;
		if (++steps % 100 == 0)
			drop(map, key);
	}
	printf("deleted after it: some twice %d", twice > 0);
	fill(map);
	memset(seen, 0, sizeof(seen));
	steps = twice = 0;
	for (err = next(map, NULL, &key); !err; key = following) {
		err = next(map, &key, &following);
		twice += seen[key];
		seen[key] = 1;
		if (++steps % 3 == 0)
			drop(map, key);
	}
	printf(" ahead of it: steps %u twice %u left %d\n", steps, twice, count(map));
}

static void lock(void)
{
	struct locked value = {99, 5, 6};
	unsigned int key = 0;
	int map = token("guarded");

	printf("update %d", update(map, &key, &value, LOCK));
	memset(&value, '?', sizeof(value));
	printf(" lookup %d",
	       wasm_bpf_map_operate(map, WASM_BPF_MAP_LOOKUP, &key, &value, NULL, LOCK));
	printf(" lock %u values %u %u\n", value.lock, value.first, value.second);
}

static void array(void)
{
	int map = token("array");

	printf("count %d zero %d", count(map), get(map, 3));
	printf(" set %d %d beyond %d %d", put(map, 3, 7, 0), get(map, 3), put(map, 4, 7, 0),
	       get(map, 4));
	printf(" new %d delete %d\n", put(map, 1, 1, WASM_BPF_NOEXIST), drop(map, 1));
}

static void per_cpu(void)
{
	struct wasm_bpf_map_info info;
	unsigned int key = 0, sum = 0, wrong = 0;
	unsigned long long values[257];
	const char *names[] = {"per_cpu_hash", "lru_per_cpu", "per_cpu_array"};

	for (int i = 0; i < 3; i++) {
		int map = token(names[i]);

		if (wasm_bpf_map_info(map, &info) || info.value_size > sizeof(values) - 8)
			exit(1);
		for (uint32_t cpu = 0; cpu < info.cpus; cpu++)
			values[cpu] = 100 + cpu;
		printf("%s %d ", names[i], update(map, &key, values, 0));
		memset(values, '?', sizeof(values));
		wrong += lookup(map, &key, values) != 0;
		for (uint32_t cpu = 0; cpu < info.cpus; cpu++)
			wrong += (unsigned int)values[cpu] != 100 + cpu;
		wrong += values[info.cpus] != 0x3f3f3f3f3f3f3f3f;
	}
	touch();
	lookup(token("per_cpu_array"), &key, values);
	for (uint32_t cpu = 0; cpu < info.cpus; cpu++)
		sum += (unsigned int)values[cpu] - 100 - cpu;
	printf("wrong %u counted %u delete %d %d\n", wrong, sum, drop(token("per_cpu_hash"), 0),
	       drop(token("per_cpu_array"), 0));
}

static void lru(void)
{
	int map = token("lru"), failed = 0, found;

	for (unsigned int i = 0; i < 1000; i++)
		failed += put(map, i, i, 0) != 0;
	found = count(map);
	printf("failed %d some %d newest %d oldest %d\n", failed, found > 0 && found <= 64,
	       get(map, 999), get(map, 0));
}

static void trie(void)
{
	struct prefix wide = {8, {10}}, narrow = {24, {10, 1, 2}}, address = {32, {10, 1, 2, 3}};
	unsigned int value = 8, found = 0;
	int map = token("trie");

	printf("update %d", update(map, &wide, &value, 0));
	value = 24;
	printf(" %d", update(map, &narrow, &value, 0));
	printf(" longest %d %u", lookup(map, &address, &found), found);
	address.address[1] = 9;
	printf(" shorter %d %u", lookup(map, &address, &found), found);
	address.address[0] = 11;
	printf(" none %d", lookup(map, &address, &found));
	address.bits = 33;
	printf(" bits %d", update(map, &address, &value, 0));
	printf(" count %d delete %d", count(map), delete (map, &narrow));
	printf(" %d count %d\n", delete (map, &narrow), count(map));
}

static void queue_or_stack(const char *name)
{
	unsigned int value = 0;
	int map = token(name);

	printf("%s empty %d", name, lookup(map, NULL, &value));
	for (value = 1; value <= 3; value++)
		printf(" push %d", update(map, NULL, &value, 0));
	value = 4;
	printf(" over %d", update(map, NULL, &value, WASM_BPF_EXIST));
	printf(" peek %d %u", lookup(map, NULL, &value), value);
	for (int i = 0; i < 3; i++) {
		value = 0;
		printf(" pop %d", wasm_bpf_map_lookup_and_delete(map, NULL, &value, 0));
		printf(" %u", value);
	}
	printf(" delete %d next %d\n", delete (map, NULL), next(map, NULL, &value));
}

static void queue(void)
{
	queue_or_stack("queue");
}

static void stack(void)
{
	queue_or_stack("stack");
}

static void bloom(void)
{
	unsigned int value, false_ones = 0;
	int map = token("bloom");

	for (value = 0; value < 50; value++)
		if (update(map, NULL, &value, 0))
			exit(1);
	printf("in %d", lookup(map, NULL, &(unsigned int){7}));
	for (value = 1000; value < 2000; value++)
		false_ones += lookup(map, NULL, &value) != -WASM_BPF_ENOENT;
	printf(" few others %d delete %d\n", false_ones < 200, delete (map, NULL));
}

static void stack_trace(void)
{
	unsigned long long frames[16] = {0};
	unsigned int id;
	int map = token("stacks");

	touch();
	id = global(".data");
	printf("lookup %d kernel %d", lookup(map, &id, frames), frames[0] >> 63 == 1);
	printf(" count %d next %d update %d", count(map), next(map, &id, &id),
	       update(map, &id, frames, 0));
	id = global(".data");
	printf(" delete %d %d\n", delete (map, &id), lookup(map, &id, frames));
}

/* ---- maps and programs ----------------------------------------------------------------------- */

static void maps_of_maps(void)
{
	int outer = token("outer_array"), hashed = token("outer_hash"), a = token("inner_a"),
	    b = token("inner_b");
	unsigned long long key = 0;
	int value;

	printf("empty %d given %d", get(outer, 0), get(outer, 1) == b);
	printf(" set %d lookup %d", put(outer, 0, (unsigned int)a, 0), get(outer, 0) == a);
	value = b;
	printf(" hash %d", update(hashed, &key, &value, 0));
	touch();
	touch();
	printf(" a %d b %d", get(a, 0), get(b, 0));
	value = a;
	printf(" swap %d", update(hashed, &key, &value, WASM_BPF_EXIST));
	touch();
	printf(" a %d b %d", get(a, 0), get(b, 0));
	value = 0;
	printf(" lookup %d %d count %d", lookup(hashed, &key, &value), value == a, count(hashed));
	printf(" delete %d %d", delete (hashed, &key), drop(outer, 0));
	touch();
	printf(" a %d\n", get(a, 0));
}

static void foreign_maps(void)
{
	int outer = token("outer_array"), refused = 0, other;
	uint64_t first = object;

	/* Values that are not tokens of this guest, such as the host's descriptors 0 to 100. */
	for (int fd = 101; fd >= -5; fd--)
		if (fd != outer)
			refused += put(outer, 0, (unsigned int)fd, 0) == -WASM_BPF_EBADF;
	printf("refused %d", refused);
	printf(" itself %d hash %d", put(outer, 0, (unsigned int)outer, 0),
	       put(outer, 0, (unsigned int)token("hash"), 0));
	printf(" program %d",
	       put(outer, 0, (unsigned int)wasm_bpf_program_token(object, "touch"), 0));
	object = load(maps_bpf, WASM_BPF_SIZE(maps_bpf));
	other = token("inner_a");
	printf(" other %d", put(outer, 0, (unsigned int)other, 0));
	printf(" %d close %d", get(outer, 0) == other, wasm_close_bpf_object(object));
	printf(" stale %d", get(outer, 0));
	object = first;
	printf(" token %d", put(outer, 0, (unsigned int)other, 0));
	printf(" end %d\n", update(outer, &(unsigned int){0}, (void *)-2, 0));
}

static void program_array(void)
{
	int map = token("programs"), one = wasm_bpf_program_token(object, "tail_one"),
	    hundred = wasm_bpf_program_token(object, "tail_hundred");

	printf("empty %d set %d lookup %d", get(map, 0), put(map, 0, (unsigned int)one, 0),
	       get(map, 0) == one);
	touch();
	printf(" calls %u", global(".bss"));
	printf(" replace %d", put(map, 0, (unsigned int)hundred, 0));
	touch();
	printf(" calls %u", global(".bss"));
	printf(" delete %d again %d", drop(map, 0), drop(map, 0));
	touch();
	printf(" calls %u", global(".bss"));
	printf(" map %d", put(map, 0, (unsigned int)token("hash"), 0));
	printf(" type %d", put(map, 0, (unsigned int)wasm_bpf_program_token(object, "on_cpu"), 0));
	printf(" beyond %d name %d\n", put(map, 2, (unsigned int)one, 0),
	       wasm_bpf_program_token(object, "nobody") == -WASM_BPF_ENOENT);
}

static void redirect(const char *name, unsigned int key, unsigned int number, const char *program)
{
	int map = token(name), made = wasm_bpf_program_token(object, program);
	struct redirect value = {number, made}, found = {0, 0};

	printf("%s set %d", name, update(map, &key, &value, 0));
	printf(" lookup %d %d", lookup(map, &key, &found), found.number == number);
	printf(" program %d", found.program == made);
	value.program = -1;
	printf(" none %d", update(map, &key, &value, 0));
	printf(" lookup %d %d", lookup(map, &key, &found), found.program);
	value.program = 5;
	printf(" foreign %d", update(map, &key, &value, 0));
	printf(" delete %d %d\n", delete (map, &key), lookup(map, &key, &found));
}

static void redirects(void)
{
	int plain = token("plain_devices");

	/* Interface 1 is lo. */
	redirect("devices", 2, 1, "on_device");
	redirect("device_hash", 77, 1, "on_device");
	redirect("cpus", 0, 192, "on_cpu");
	printf("plain %d %d\n", put(plain, 0, 1, 0), get(plain, 0));
}

/* ---- values without a name for guests, or with another one ----------------------------------- */

static void task_storage(void)
{
	int map = token("task_storage"), pid, other = 1;
	unsigned long long value = 0;

	touch();
	touch();
	/* `process` is the second variable of .bss. */
	{
		unsigned int values[64], key = 0;

		lookup(token(".bss"), &key, values);
		pid = (int)values[1];
	}
	printf("lookup %d %llu", lookup(map, &pid, &value), value);
	value = 40;
	printf(" update %d", update(map, &pid, &value, 0));
	touch();
	printf(" lookup %d %llu", lookup(map, &pid, &value), value);
	printf(" other %d", lookup(map, &other, &value));
	other = 0x7fffffff;
	printf(" nobody %d", lookup(map, &other, &value));
	other = -1;
	printf(" negative %d", lookup(map, &other, &value));
	printf(" delete %d %d", delete (map, &pid), delete (map, &pid));
	printf(" next %d", next(map, NULL, &other));
	printf(" end %d %d\n", lookup(map, (void *)-2, &value), lookup(map, &pid, (void *)-2));
}

/* Tries every operation on a map that supports none, or whose values a guest cannot name. */
static void refused(void)
{
	static const char *const names[] = {
	    "cgroups",	     "sockets",	       "socket_hash", "xsks", "reuseport", "socket_storage",
	    "inode_storage", "cgroup_storage", "perf",	      "ring", "user_ring", "arena",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unsigned long long key = 0, value = 0;
		int map = token(names[i]);
		uint32_t n = 1;

		printf("%s update %d", names[i], update(map, &key, &value, 0));
		printf(" lookup %d", lookup(map, &key, &value));
		printf(" delete %d", delete (map, &key));
		printf(" next %d", next(map, NULL, &key));
		printf(" batch %d\n", wasm_bpf_map_batch(map, 24, NULL, &key, &key, &value, &n, 0));
	}
}

static void old_cgroup_storage(const char *cgroup)
{
	struct {
		unsigned long long cgroup;
		unsigned int attach_type;
	} key;
	unsigned long long value = 5, values[257];
	struct wasm_bpf_map_info info;
	int map, per_cpu_map;

	object = load(cgroup_bpf, WASM_BPF_SIZE(cgroup_bpf));
	map = token("storage");
	per_cpu_map = token("per_cpu");
	printf("before %d", next(map, NULL, &key));
	if (wasm_attach_bpf_program(object, "count", cgroup))
		exit(1);
	printf(" key %d attach type %u", next(map, NULL, &key), key.attach_type);
	printf(" update %d", update(map, &key, &value, WASM_BPF_EXIST));
	printf(" lookup %d %d", lookup(map, &key, &value), value >= 5);
	if (wasm_bpf_map_info(per_cpu_map, &info) || info.value_size > sizeof(values))
		exit(1);
	printf(" per cpu %d %d", lookup(per_cpu_map, &key, values), info.cpus > 0);
	printf(" delete %d\n", delete (map, &key));
}

struct command {
	const char *name;
	void (*run)(void);
};

static const struct command commands[] = {
    {"hash", hash},
    {"iterate", iterate},
    {"lock", lock},
    {"array", array},
    {"per-cpu", per_cpu},
    {"lru", lru},
    {"trie", trie},
    {"queue", queue},
    {"stack", stack},
    {"bloom", bloom},
    {"stack-trace", stack_trace},
    {"maps-of-maps", maps_of_maps},
    {"foreign-maps", foreign_maps},
    {"program-array", program_array},
    {"redirects", redirects},
    {"task-storage", task_storage},
    {"refused", refused},
};

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "old-cgroup-storage")) {
		old_cgroup_storage(argv[2]);
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		object = load(maps_bpf, WASM_BPF_SIZE(maps_bpf));
		commands[i].run();
		return 0;
	}
	fprintf(stderr, "no such command\n");
	return 2;
}
