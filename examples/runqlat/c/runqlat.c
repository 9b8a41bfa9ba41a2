/* SPDX-License-Identifier: MIT */
/* Guest half: prints the histograms after each interval. */
#include <getopt.h>

#include "wasm_bpf_tool.h"
#include "runqlat.h"

#define BATCH 64

WASM_BPF_EMBED(runqlat_bpf, "runqlat.bpf.o");

static struct {
	struct config config;
	bool time, verbose;
	uint64_t interval_s, count;
} tool = {.interval_s = 99999999, .count = ~0ULL};

static const char usage[] =
    "Usage: runqlat [-T] [-m] [-P] [-p PID] [-v] [INTERVAL [COUNT]]\n"
    "Shows how long tasks wait for a CPU, as a histogram: every INTERVAL seconds, COUNT times,\n"
    "or at Ctrl-C.\n"
    "\n"
    "  -T, --timestamp     when, in local time\n"
    "  -m, --milliseconds  instead of microseconds\n"
    "  -P, --pids          a histogram each process\n"
    "  -p, --pid PID       only this process\n"
    "  -v, --verbose       counts at the end, to stderr\n"
    "  -h, --help          this text\n"
    "\n"
    "  runqlat         once, at Ctrl-C\n"
    "  runqlat 1 10    ten times, every second\n"
    "  runqlat -mT 1   every second, in milliseconds, with the time\n"
    "  runqlat -P -p 185 5\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'},
    {"milliseconds", no_argument, NULL, 'm'},
    {"pids", no_argument, NULL, 'P'},
    {"pid", required_argument, NULL, 'p'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static unsigned long long shown;

static void print_histogram(unsigned int pid, const struct histogram *histogram)
{
	if (tool.config.per_process) {
		printf("\npid = %u ", pid);
		tool_print_text(histogram->comm, 0);
		putchar('\n');
	}
	tool_print_log2(histogram->slots, SLOTS, tool.config.milliseconds ? "msecs" : "usecs");
	for (int i = 0; i < SLOTS; i++)
		shown += histogram->slots[i];
}

/* Reads and deletes the histograms in the map, so that the next interval starts empty. */
static bool print_histograms(int fd)
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
		for (unsigned int i = 0; i < count; i++)
			print_histogram(keys[i], &histograms[i]);
		from = &at;
	} while (!err);
	return true;
}

static int show(struct bpf_object *object)
{
	int fd = bpf_object__find_map_fd_by_name(object, "histograms");
	bool goes_on = true;

	puts("Tracing run queue latency... Hit Ctrl-C to end.");
	for (uint64_t round = 0; goes_on && round < tool.count; round++) {
		if (!tool_flush())
			return 1;
		goes_on = tool_sleep_ms(tool.interval_s * 1000);
		putchar('\n');
		if (tool.time) {
			tool_print_now();
			putchar('\n');
		}
		if (!print_histograms(fd)) {
			fprintf(stderr, "error: Cannot read the histograms: %s\n", strerror(errno));
			return 1;
		}
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

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t number;
	int option;

	while ((option = getopt_long(argc, argv, "TmPp:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
			break;
		case 'm':
			tool.config.milliseconds = 1;
			break;
		case 'P':
			tool.config.per_process = 1;
			break;
		case 'p':
			if (!tool_number("--pid", optarg, 1, 0x7fffffff, &number))
				return 2;
			tool.config.pid = (unsigned int)number;
			break;
		case 'v':
			tool.verbose = true;
			break;
		case 'h':
			return fputs(usage, stdout) < 0;
		default:
			return wrong_usage();
		}
	}
	if (optind < argc &&
	    !tool_number("INTERVAL", argv[optind++], 1, 99999999, &tool.interval_s))
		return 2;
	if (optind < argc && !tool_number("COUNT", argv[optind++], 1, ~0ULL, &tool.count))
		return 2;
	return optind < argc ? wrong_usage() : measure();
}
