// SPDX-License-Identifier: MIT
/*
 * Stand-in for bpf(2), in place of libbpf's system calls. It reads and writes as many bytes as the
 * kernel would, so that the sanitizer reports accesses that the kernel detects only by chance. It
 * also keeps the kernel's types, so that they are read only once.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "fuzz.h"

/* Declared in the shim's internal.h; replaces the definition next to its kernel types. */
_Thread_local bool shim_is_reading_ahead;

static bool is_real;
static struct random random_source;
static struct btf *types, *few_types;

void kernel_use(bool real, uint64_t seed)
{
	is_real = real;
	random_source.state = seed;
}

/* ---- the kernel's types ---------------------------------------------------------------------- */

struct btf *__real_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void);
void __real_btf__free(struct btf *btf);
void __wrap_btf__free(struct btf *btf);

bool kernel_read_types(const char *path)
{
	types = __real_btf__load_vmlinux_btf();
	few_types = btf__parse_elf(path, NULL);
	return few_types != NULL;
}

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	struct btf *chosen = is_real ? types : few_types;

	if (!chosen)
		errno = ENOENT;
	return chosen;
}

void __wrap_btf__free(struct btf *btf)
{
	if (btf != types && btf != few_types)
		__real_btf__free(btf);
}

FILE *__real_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);

/* Avoids hundreds of thousands of lines per input. */
FILE *__wrap_fopen64(const char *path, const char *mode)
{
	static char symbols[] = "ffffffff81000000 T _text\nffffffff81000010 T schedule\n"
				"ffffffff81000020 D jiffies\t[module]\n";

	if (!strcmp(path, "/proc/kallsyms"))
		return fmemopen(symbols, sizeof(symbols) - 1, "r");
	return __real_fopen64(path, mode);
}

gzFile __real_gzopen64(const char *path, const char *mode);
gzFile __wrap_gzopen64(const char *path, const char *mode);

/* Avoids the kernel's configuration, thousands of lines per input. */
gzFile __wrap_gzopen64(const char *path, const char *mode)
{
	static const char lines[] = "# comment\nCONFIG_HZ=250\nCONFIG_BPF_JIT=y\nCONFIG_X=m\n"
				    "CONFIG_DEFAULT_HOSTNAME=\"(none)\"\nCONFIG_LONG=0x1234\n";
	int fd;

	if (is_real)
		return __real_gzopen64(path, mode);
	fd = memfd_create("config", MFD_CLOEXEC);
	if (fd < 0 || write(fd, lines, sizeof(lines) - 1) < 0 || lseek(fd, 0, SEEK_SET))
		return NULL;
	return gzdopen(fd, mode);
}

/* ---- maps ------------------------------------------------------------------------------------ */

struct map {
	uint64_t inode;
	uint32_t type, key_size, value_size;
};

#define SLOTS 8192

/* Indexed by inode: libbpf duplicates descriptors. */
static struct map maps[SLOTS];

static struct map *map_of(int fd)
{
	struct stat state;

	if (fstat(fd, &state))
		return NULL;
	return maps[state.st_ino % SLOTS].inode == state.st_ino ? &maps[state.st_ino % SLOTS]
								: NULL;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

/* Largest file that a mapping may request. */
#define MAX_FILE (64ull << 20)

static int create_map(const union bpf_attr *attr)
{
	const uint64_t value = (attr->value_size + 7ull) & ~7ull;
	uint64_t size = value * attr->max_entries;
	struct stat state;
	struct map *map;
	int fd;

	if (!random_below(&random_source, 32))
		return fail(random_below(&random_source, 2) ? EINVAL : EPERM);
	if (attr->map_type == BPF_MAP_TYPE_ARENA)
		size = attr->max_entries * 4096ull;
	if (size > MAX_FILE)
		size = MAX_FILE;
	fd = memfd_create("map", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)((size + 4095) & ~4095ull)) || fstat(fd, &state)) {
		close(fd);
		return fail(ENOMEM);
	}
	map = &maps[state.st_ino % SLOTS];
	*map = (struct map){state.st_ino, attr->map_type, attr->key_size, attr->value_size};
	return fd;
}

static volatile uint8_t seen;

/* Reads from each cache line of it, and its end, as the kernel's copy does. */
static void take(uint64_t address, uint64_t size)
{
	const volatile uint8_t *bytes = (const volatile uint8_t *)(uintptr_t)address;

	for (uint64_t i = 0; i < size; i += 64)
		seen ^= bytes[i];
	if (size)
		seen ^= bytes[size - 1];
}

static void give(uint64_t address, uint64_t size)
{
	if (size)
		memset((void *)(uintptr_t)address, 0x5a, size);
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static uint64_t value_bytes(const struct map *map)
{
	static uint64_t cpus;

	if (!cpus)
		cpus = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	if (is_per_cpu(map->type))
		return ((map->value_size + 7ull) & ~7ull) * cpus;
	/* Values are descriptors. */
	if (map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS ||
	    map->type == BPF_MAP_TYPE_PROG_ARRAY)
		return 4;
	return map->value_size;
}

static int element(int command, const union bpf_attr *attr)
{
	const struct map *map = map_of((int)attr->map_fd);

	if (!map)
		return fail(EBADF);
	if (map->key_size)
		take(attr->key, map->key_size);
	switch (command) {
	case BPF_MAP_UPDATE_ELEM:
		take(attr->value, value_bytes(map));
		return random_below(&random_source, 64) ? 0 : fail(E2BIG);
	case BPF_MAP_DELETE_ELEM:
		return 0;
	default:
		give(attr->value, value_bytes(map));
		return 0;
	}
}

/* ---- programs and types ---------------------------------------------------------------------- */

static int new_fd(void)
{
	return memfd_create("thing", MFD_CLOEXEC);
}

static int load_program(const union bpf_attr *attr)
{
	take(attr->insns, attr->insn_cnt * 8ull);
	take(attr->func_info, (uint64_t)attr->func_info_cnt * attr->func_info_rec_size);
	take(attr->line_info, (uint64_t)attr->line_info_cnt * attr->line_info_rec_size);
	take(attr->license, strlen((const char *)(uintptr_t)attr->license) + 1);
	if (random_below(&random_source, 16))
		return new_fd();
	if (attr->log_level && attr->log_size > 64)
		snprintf((char *)(uintptr_t)attr->log_buf, attr->log_size,
			 "0: (85) call unknown#195896080\ninvalid func unknown#195896080\n"
			 "<invalid CO-RE relocation>\nprocessed 1 insns\n");
	return fail(random_below(&random_source, 2) ? EINVAL : EACCES);
}

static int stand_in(int command, union bpf_attr *attr)
{
	switch (command) {
	case BPF_MAP_CREATE:
		return create_map(attr);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		return element(command, attr);
	case BPF_PROG_LOAD:
		return load_program(attr);
	case BPF_BTF_LOAD:
		take(attr->btf, attr->btf_size);
		return random_below(&random_source, 16) ? new_fd() : fail(EINVAL);
	case BPF_MAP_FREEZE:
	case BPF_PROG_BIND_MAP:
		return random_below(&random_source, 64) ? 0 : fail(EPERM);
	case BPF_LINK_CREATE:
	case BPF_RAW_TRACEPOINT_OPEN:
		return new_fd();
	case BPF_BTF_GET_NEXT_ID:
		return fail(ENOENT);
	default:
		return fail(EINVAL);
	}
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Reads more arguments than may exist, from the caller's frame. */
__attribute__((no_sanitize("address"))) long __wrap_syscall(long number, ...)
{
	va_list list;
	long a, b, c, d, e, f;

	va_start(list, number);
	a = va_arg(list, long);
	b = va_arg(list, long);
	c = va_arg(list, long);
	d = va_arg(list, long);
	e = va_arg(list, long);
	f = va_arg(list, long);
	va_end(list);
	/* Features of this machine are not probed. */
	if (number == SYS_perf_event_open)
		return fail(EOPNOTSUPP);
	if (number == SYS_bpf && !is_real)
		return stand_in((int)a, (union bpf_attr *)b);
	return __real_syscall(number, a, b, c, d, e, f);
}
