// SPDX-License-Identifier: MIT
/*
 * Opens and loads changed eBPF objects by the shim, under sanitizers, in child processes: a crash,
 * leak or hang is reported with its seed and index, and the next child continues after it.
 *
 *     objects --types FILE [--seed N] [--start N] [--count N] [--real PERCENT] [--keep FILE] FILE…
 *
 * The last line of standard output is JSON with the counts. Exit code 1 if a fault was found.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../libbpf-shim/libbpf-shim.h"
#include "../../libbpf-shim/permissions.h"
#include "fuzz.h"

/* Inputs between two leak checks, which take milliseconds. */
#define LEAK_BATCH 512
/* CPU seconds that one input may take: some hundred times the slowest. */
#define LONGEST 20
/* Memory that one input may take: an object's parts, and the kernel's types. */
#define MAX_ALLOCATION_MIB "1024"
#define MAX_FAULTS 20
#define EXIT_LEAK 23

int __lsan_do_recoverable_leak_check(void);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=1:leak_check_at_exit=0:allocator_may_return_null=1:"
	       "max_allocation_size_mb=" MAX_ALLOCATION_MIB ":handle_abort=1:"
	       "detect_stack_use_after_return=0:quarantine_size_mb=16:malloc_context_size=12";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:halt_on_error=1";
}

struct options {
	uint64_t seed, start, count;
	uint32_t real_percent;
	const char *keep;
	const char *types;
	struct object *corpus;
	size_t corpus_count;
};

/* Shared with the children. */
struct progress {
	uint64_t index;
	uint64_t opened, load_tried, loaded, real_tried, real_loaded;
};

static struct progress *progress;

/* ---- one input ------------------------------------------------------------------------------- */

static void configure(struct shim_object *object, struct random *random)
{
	static const char *const names[] = {"events", "outer", "counts", "m",
					    "arena",  "bss",   "values"};
	static const char *const sections[] = {".data", ".rodata", ".bss", ".data.x", ".kconfig"};
	static uint8_t data[64];
	struct shim_memory *memory;

	for (uint32_t i = random_below(random, 3); i; i--)
		shim_object__configure(object, names[random_below(random, 7)],
				       1 + random_below(random, 6),
				       random_below(random, 2) ? random_below(random, 70000)
							       : (uint32_t)random_next(random));
	if (random_below(random, 2) || shim_memory__new(&memory))
		return;
	shim_memory__bind(memory, data, sizeof(data));
	shim_object__set_global(object, sections[random_below(random, 5)], random_below(random, 32),
				memory, 0, random_below(random, 65));
	shim_memory__free(memory);
}

/* Uses the maps of a loaded object as a guest could. */
static void use_maps(struct shim_object *object, struct random *random)
{
	static uint8_t data[1 << 16];
	struct shim_memory *memory;
	struct shim_map *map;

	if (shim_memory__new(&memory))
		return;
	shim_memory__bind(memory, data, sizeof(data));
	for (uint32_t i = 0; (int32_t)i < shim_object__map_count(object); i++) {
		if (shim_object__map(object, i, &map))
			continue;
		shim_map__name(map);
		shim_map__max_entries(map);
		shim_map__operate(map, memory, (int32_t)random_below(random, 5), 8, 1024, 512, 0,
				  0);
	}
	shim_object__set_global(object, ".bss", 0, memory, 0, random_below(random, 64));
	shim_object__set_global(object, ".data", 0, memory, 0, random_below(random, 64));
	shim_memory__free(memory);
}

static void attach(struct shim_object *object, struct random *random)
{
	struct shim_program *program;
	struct shim_link *link;
	struct shim_map *map;

	for (uint32_t i = 0; (int32_t)i < shim_object__map_count(object); i++) {
		if (!shim_object__map(object, i, &map) && !shim_map__attach(map, &link))
			shim_link__free(link);
	}
	for (uint32_t i = 0; (int32_t)i < shim_object__program_count(object) && i < 3; i++) {
		if (shim_object__program(object, i, &program))
			continue;
		shim_program__name(program);
		shim_program__section(program);
		if (!random_below(random, 4) && !shim_program__attach(program, &link))
			shim_link__free(link);
	}
}

/* Limits the maps of an object. */
static void bound(struct shim_object *object, uint64_t maps_bytes)
{
	struct shim_budget *budget;

	if (shim_budget__new(NULL, maps_bytes, 64, &budget) || shim_object__bound(object, budget))
		abort();
	shim_budget__free(budget);
}

/* Permits every operation of a program: this does not test permissions. */
static void permit(struct shim_object *object)
{
	static const char kfuncs[] = "\nbpf_rcu_read_lock\nbpf_kfunc_that_is_not_there\n";
	static struct {
		struct shim_policy policy;
		char kfuncs[sizeof(kfuncs)];
	} all;

	memset(&all, 0xff, sizeof(all.policy));
	all.policy.flags = POLICY_KERNEL_VARIABLES | POLICY_STRUCT_OPS;
	all.policy.kfuncs_size = sizeof(kfuncs) - 1;
	memcpy(all.policy.kfuncs, kfuncs, sizeof(kfuncs) - 1);
	if (shim_object__permit(object, &all, sizeof(all.policy) + sizeof(kfuncs) - 1))
		abort();
}

static void load(struct shim_object *object, bool is_real, struct random *random)
{
	progress->load_tried++;
	progress->real_tried += is_real;
	/* Real maps use the machine's memory. */
	bound(object, is_real ? 4 << 20 : 1ull << 40);
	if (random_below(random, 16))
		permit(object);
	if (shim_object__load(object))
		return;
	progress->loaded++;
	progress->real_loaded += is_real;
	use_maps(object, random);
	/* Features of this machine are not probed. */
	if (!is_real)
		attach(object, random);
}

/* Limits this process's CPU time: wall time is not fair on a loaded machine. */
static void limit_time(time_t seconds)
{
	const struct itimerval timer = {.it_value = {.tv_sec = seconds}};

	setitimer(ITIMER_PROF, &timer, NULL);
}

static void try(const struct options *options, uint64_t index)
{
	struct random random = {options->seed * 0x2545f4914f6cdd1du + index * 0x9e3779b97f4a7c15u};
	struct object input = mutate(options->corpus, options->corpus_count, &random);
	const bool is_real = random_below(&random, 100) < options->real_percent;
	struct shim_memory *memory;
	struct shim_object *object;
	static char log[4096];

	if (options->keep && options->count == 1) {
		FILE *file = fopen(options->keep, "w");

		if (file) {
			fwrite(input.bytes, 1, input.size, file);
			fclose(file);
		}
	}
	kernel_use(is_real, random_next(&random));
	limit_time(LONGEST);
	if (shim_memory__new(&memory))
		abort();
	shim_memory__bind(memory, input.bytes, input.size);
	if (!shim_object__open(memory, 0, (uint32_t)input.size, "guest", &object)) {
		progress->opened++;
		shim_object__forget_pins(object);
		configure(object, &random);
		load(object, is_real, &random);
		shim_object__free(object);
	}
	shim_log__take(log, sizeof(log));
	shim_memory__free(memory);
	free(input.bytes);
	limit_time(0);
}

/* ---- children -------------------------------------------------------------------------------- */

/* Opens each object unchanged: libbpf probes the real kernel once, before the fork. */
static void warm_up(const struct options *options)
{
	struct shim_memory *memory;
	struct shim_object *object;
	char log[64];

	kernel_use(true, 0);
	if (!kernel_read_types(options->types))
		fprintf(stderr, "no types in \"%s\"\n", options->types);
	for (size_t i = 0; i < options->corpus_count; i++) {
		if (shim_memory__new(&memory))
			abort();
		shim_memory__bind(memory, options->corpus[i].bytes, options->corpus[i].size);
		if (!shim_object__open(memory, 0, (uint32_t)options->corpus[i].size, "guest",
				       &object)) {
			shim_object__forget_pins(object);
			bound(object, 4 << 20);
			permit(object);
			shim_object__load(object);
			shim_object__free(object);
		}
		shim_log__take(log, sizeof(log));
		shim_memory__free(memory);
	}
}

static void run(const struct options *options, uint64_t from, uint64_t to)
{
	for (uint64_t index = from; index < to; index++) {
		progress->index = index;
		try(options, index);
		if ((index + 1) % LEAK_BATCH == 0 || index + 1 == to) {
			if (__lsan_do_recoverable_leak_check())
				_exit(EXIT_LEAK);
		}
	}
	_exit(0);
}

/* Runs inputs in a warmed-up child; returns its status. */
static int run_child(const struct options *options, uint64_t from, uint64_t to, const char *log)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		abort();
	if (!child) {
		int fd = open(log, O_CREAT | O_TRUNC | O_WRONLY, 0600);

		if (fd >= 0)
			dup2(fd, 2);
		run(options, from, to);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void show(const char *path)
{
	char line[400];
	FILE *file = fopen(path, "r");

	for (int i = 0; file && i < 60 && fgets(line, sizeof(line), file); i++)
		fputs(line, stdout);
	if (file)
		fclose(file);
}

static void report(const struct options *options, uint64_t index, int status, const char *log)
{
	printf("FAULT seed %" PRIu64 " index %" PRIu64 " status 0x%x\n", options->seed, index,
	       (unsigned int)status);
	show(log);
	fflush(stdout);
}

/* Finds the input of a batch that leaked: runs each alone, in its own child. */
static int find_leak(const struct options *options, uint64_t from, uint64_t to, const char *log)
{
	int faults = 0;

	for (uint64_t index = from; index < to && faults < 3; index++) {
		int status = run_child(options, index, index + 1, log);

		if (!status)
			continue;
		report(options, index, status, log);
		faults++;
	}
	if (!faults)
		printf("a leak between %" PRIu64 " and %" PRIu64 " is not reproducible\n", from,
		       to);
	return faults ? faults : 1;
}

static int run_all(const struct options *options)
{
	const uint64_t end = options->start + options->count;
	char log[] = "/tmp/wasm-bpf-fuzz-XXXXXX";
	int fd = mkstemp(log), faults = 0;
	uint64_t from = options->start;

	if (fd < 0)
		abort();
	close(fd);
	while (from < end && faults < MAX_FAULTS) {
		uint64_t to = from + 64 * LEAK_BATCH < end ? from + 64 * LEAK_BATCH : end;
		int status = run_child(options, from, to, log);
		uint64_t index = progress->index;

		if (status && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LEAK) {
			uint64_t batch = index / LEAK_BATCH * LEAK_BATCH;

			faults += find_leak(options, batch > from ? batch : from, index + 1, log);
		} else if (status) {
			report(options, index, status, log);
			faults++;
		}
		from = status ? index + 1 : to;
	}
	unlink(log);
	return faults;
}

/* ---- the command line ------------------------------------------------------------------------ */

static struct object read_object(const char *path)
{
	struct object object = {0};
	struct stat state;
	FILE *file = fopen(path, "r");

	if (!file || fstat(fileno(file), &state)) {
		fprintf(stderr, "Cannot read \"%s\": %s\n", path, strerror(errno));
		exit(2);
	}
	object.size = (size_t)state.st_size;
	object.bytes = malloc(object.size);
	if (!object.bytes || fread(object.bytes, 1, object.size, file) != object.size)
		exit(2);
	fclose(file);
	return object;
}

static void parse(struct options *options, int count, char **words)
{
	options->corpus = calloc((size_t)count, sizeof(*options->corpus));
	for (int i = 1; i < count; i++) {
		const char *value = i + 1 < count ? words[i + 1] : "";

		if (strncmp(words[i], "--", 2)) {
			options->corpus[options->corpus_count++] = read_object(words[i]);
			continue;
		}
		if (!strcmp(words[i], "--seed"))
			options->seed = strtoull(value, NULL, 10);
		else if (!strcmp(words[i], "--start"))
			options->start = strtoull(value, NULL, 10);
		else if (!strcmp(words[i], "--count"))
			options->count = strtoull(value, NULL, 10);
		else if (!strcmp(words[i], "--real"))
			options->real_percent = (uint32_t)strtoul(value, NULL, 10);
		else if (!strcmp(words[i], "--types"))
			options->types = value;
		else if (!strcmp(words[i], "--keep"))
			options->keep = value;
		else
			exit(2);
		i++;
	}
	if (!options->corpus_count || !options->types)
		exit(2);
}

int main(int count, char **words)
{
	struct options options = {.seed = 1, .count = 1000};
	int faults;

	parse(&options, count, words);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (progress == MAP_FAILED)
		return 2;
	warm_up(&options);
	faults = run_all(&options);
	printf("{\"inputs\":%" PRIu64 ",\"opened\":%" PRIu64 ",\"loads\":%" PRIu64
	       ",\"loaded\":%" PRIu64 ",\"realLoads\":%" PRIu64 ",\"reallyLoaded\":%" PRIu64
	       ",\"faults\":%d}\n",
	       options.count, progress->opened, progress->load_tried, progress->loaded,
	       progress->real_tried, progress->real_loaded, faults);
	return faults > 0;
}
