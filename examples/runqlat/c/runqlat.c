/* SPDX-License-Identifier: MIT */
/* Guest half: prints the histograms after each interval. */
#include "wasm_bpf_tool.h"
#include "runqlat.h"

#define BATCH 64

WASM_BPF_EMBED(runqlat_bpf, "runqlat.bpf.o");

static struct {
	struct config config;
	bool time, verbose;
	uint64_t interval_s, count;
} tool = {.interval_s = 99999999, .count = ~0ULL};

static unsigned long long shown;

/* Row for the host's -o, --filter, --sort and others: a histogram with its key. */
struct row {
	unsigned int key;
	struct histogram histogram;
};
_Static_assert(sizeof(struct row) == 4 + sizeof(struct histogram), "struct row has no padding");

/* Id of the source of records; 0 if the user requested none. */
static int records;

/* Names of keys by group; two underscores hide a member. */
static const char *const key_names[] = {"__pid", "pid", "tid", "pidns"};

/* Only one process or thread has a name. */
static bool has_comm(void)
{
	return tool.config.group == GROUP_PROCESS || tool.config.group == GROUP_THREAD;
}

/* Members of struct row. Returns false if the host refuses them. */
static bool open_records(void)
{
	char members[128];

	snprintf(members, sizeof(members),
		 "u32 %s; u32 slots[%d] @metric(histogram) @unit(%s); char %scomm[%d]",
		 key_names[tool.config.group], SLOTS, tool.config.milliseconds ? "msecs" : "usecs",
		 has_comm() ? "" : "__", COMM_LEN);
	records = wasm_bpf_records_open("latency", members, NULL, 0, WASM_BPF_RECORDS_TABLE);
	return records >= 0;
}

static bool show_histogram(unsigned int key, const struct histogram *histogram)
{
	for (int i = 0; i < SLOTS; i++)
		shown += histogram->slots[i];
	if (records) {
		struct row row = {key, *histogram};

		return wasm_bpf_records_write(records, &row, sizeof(row)) >= 0;
	}
	if (tool.config.group != GROUP_ALL) {
		printf("\n%s = %u", key_names[tool.config.group], key);
		if (has_comm()) {
			putchar(' ');
			tool_print_text(histogram->comm, 0);
		}
		putchar('\n');
	}
	tool_print_log2(histogram->slots, SLOTS, tool.config.milliseconds ? "msecs" : "usecs");
	return true;
}

/* Reads and deletes the histograms in the map, so that the next interval starts empty. */
static bool show_histograms(int fd)
{
	static unsigned int keys[BATCH];
	static struct histogram histograms[BATCH];
	unsigned int at, count;
	void *from = NULL;
	int err;

	do {
		count = BATCH;
		err =
		    bpf_map_lookup_and_delete_batch(fd, from, &at, keys, histograms, &count, NULL);
		if (err && err != -ENOENT)
			return false;
		for (unsigned int i = 0; i < count; i++) {
			if (!show_histogram(keys[i], &histograms[i]))
				return false;
		}
		from = &at;
	} while (!err);
	return true;
}

static int show(struct bpf_object *object)
{
	int fd = bpf_object__find_map_fd_by_name(object, "histograms");
	bool goes_on = true;

	if (!open_records())
		return 1;
	if (!records)
		puts("Tracing run queue latency... Hit Ctrl-C to end.");
	for (uint64_t round = 0; goes_on && round < tool.count; round++) {
		if (!tool_flush())
			return 1;
		goes_on = tool_sleep_ms(tool.interval_s * 1000);
		if (!records)
			putchar('\n');
		if (tool.time && !records) {
			tool_print_now();
			putchar('\n');
		}
		if (!show_histograms(fd)) {
			fprintf(stderr, "error: Cannot read the histograms: %s\n", strerror(errno));
			return 1;
		}
		if (records && wasm_bpf_records_flush(records) < 0)
			return 1;
	}
	return tool_flush() ? 0 : 1;
}

/* The host has already reported failures on stderr. */
static int measure(void)
{
	struct bpf_object *object =
	    bpf_object__open_mem(runqlat_bpf, WASM_BPF_SIZE(runqlat_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (!bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) &&
	    !bpf_object__load(object) && !bpf_object__attach(object))
		exit_code = show(object);
	bpf_object__close(object);
	if (tool.verbose)
		fprintf(stderr, "%llu waits shown\n", shown);
	return exit_code;
}

static const struct tool_option options[] = {
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_FLAG('m', "milliseconds", tool.config.milliseconds, 1, "instead of microseconds"),
    TOOL_FLAG('P', "pids", tool.config.group, GROUP_PROCESS, "a histogram each process"),
    TOOL_FLAG('L', "tids", tool.config.group, GROUP_THREAD, "a histogram each thread"),
    TOOL_FLAG(0, "pidnss", tool.config.group, GROUP_PID_NAMESPACE,
	      "a histogram each namespace of processes"),
    TOOL_NUMBER('p', "pid", "PID", tool.config.pid, 1, 0x7fffffff, "only this process"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "runqlat [-T] [-m] [-P | -L | --pidnss] [-p PID] [-v] [INTERVAL [COUNT]]",
    .summary = "Shows how long tasks wait for a CPU, as a histogram: every INTERVAL seconds, "
	       "COUNT times,\n"
	       "or at Ctrl-C.\n",
    .notes = "  runqlat         once, at Ctrl-C\n"
	     "  runqlat 1 10    ten times, every second\n"
	     "  runqlat -mT 1   every second, in milliseconds, with the time\n"
	     "  runqlat -P -p 185 5\n",
    TOOL_OPTIONS(options),
    .max_operands = 2,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	if (optind < argc &&
	    !tool_number("INTERVAL", argv[optind++], 1, 99999999, &tool.interval_s))
		return 2;
	if (optind < argc && !tool_number("COUNT", argv[optind++], 1, ~0ULL, &tool.count))
		return 2;
	return measure();
}
