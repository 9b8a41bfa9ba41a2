/* SPDX-License-Identifier: MIT */
/* Guest: counts, and passes the rates to functions of its host program. */
#include "plugin.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(plugin_bpf, "plugin.bpf.o");

/* Functions of the host, ../chart.ts. The host chooses the module name of an import. */
#define CHART_IMPORT(name) __attribute__((import_module("chart"), import_name(name)))

/* Value of a series; a frame consists of the values since the last one. */
CHART_IMPORT("value") void chart_value(const char *series, size_t size, double value);
CHART_IMPORT("frame") void chart_frame(void);

static const char *const names[COUNTS] = {"switches/s", "wakeups/s", "system calls/s", "forks/s"};

static const char usage[] = "Usage: plugin INTERVAL_MS COUNT\n";

/* Sums the counters of all CPUs. */
static bool read_counts(const struct bpf_map *map, uint64_t *sums)
{
	struct wasm_bpf_map_info info;
	uint64_t *values;
	bool good = true;

	if (wasm_bpf_map_info(bpf_map__fd(map), &info) || !(values = malloc(info.value_size)))
		return false;
	for (int what = 0; what < COUNTS && good; what++) {
		good = !bpf_map_lookup_elem(bpf_map__fd(map), &what, values);
		sums[what] = 0;
		for (unsigned int cpu = 0; cpu < info.cpus; cpu++)
			sums[what] += values[cpu];
	}
	free(values);
	return good;
}

static int show(const struct bpf_object *object, uint64_t interval_ms, uint64_t count)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, "counts");
	uint64_t before[COUNTS], now[COUNTS], then = tool_clock_ns(CLOCK_MONOTONIC);

	if (!read_counts(map, before))
		return 1;
	for (uint64_t round = 0; round < count && tool_sleep_ms(interval_ms); round++) {
		uint64_t time = tool_clock_ns(CLOCK_MONOTONIC);

		if (!read_counts(map, now))
			return 1;
		for (int what = 0; what < COUNTS; what++) {
			chart_value(names[what], strlen(names[what]),
				    (double)(now[what] - before[what]) * 1e9 /
					(double)(time - then));
			before[what] = now[what];
		}
		chart_frame();
		then = time;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	uint64_t interval_ms, count;
	int exit_code = 1;

	if (argc != 3) {
		fputs(usage, stderr);
		return 2;
	}
	if (!tool_number("INTERVAL_MS", argv[1], 1, 3600000, &interval_ms) ||
	    !tool_number("COUNT", argv[2], 1, ~0ULL, &count))
		return 2;
	object = bpf_object__open_mem(plugin_bpf, WASM_BPF_SIZE(plugin_bpf), NULL);
	if (!object)
		return 1;
	if (!bpf_object__load(object) && !bpf_object__attach(object))
		exit_code = show(object, interval_ms, count);
	bpf_object__close(object);
	return exit_code;
}
