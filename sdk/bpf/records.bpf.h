/* SPDX-License-Identifier: MIT */
/*
 * Annotations for eBPF objects: how their records, tables and options look. They are left in BTF,
 * as declaration tags (clang 14 or newer) and typed markers, so that an object needs no other file.
 * Other loaders ignore them.
 *
 *   struct event {
 *           __u64 ts FORMAT(time);
 *           __u64 lat_ns FORMAT(duration, ns) HELP("from wakeup to running");
 *           __u32 saddr FORMAT(ipv4);
 *           char comm[16];
 *   };
 *   RECORDS(events, struct event);
 *   TABLE(counts, INTERVAL(1s), SORT(-count));
 *   OPTION(const volatile __u64, min_us, 0, 'm', "only longer waits than this, in microseconds");
 *   TOOL("runqslower", "show run queue waits longer than a threshold");
 *
 * docs/records.md describes each with an example.
 */
#ifndef WASM_BPF_RECORDS_BPF_H
#define WASM_BPF_RECORDS_BPF_H

#define WASM_BPF_TAG(...) __attribute__((btf_decl_tag(__VA_ARGS__)))

/* ---- members of structs -------------------------------------------------------------------- */

/* Look of the value: FORMAT(ipv4), FORMAT(time, boot), FORMAT(duration, us), FORMAT(enum,
 * tcp_state). */
#define FORMAT(...) WASM_BPF_TAG("format:" #__VA_ARGS__)
/* Meaning of the member, for help and metrics. */
#define HELP(text) WASM_BPF_TAG("help:" text)
/* Unit of the value, for charts and metrics: UNIT(ns). */
#define UNIT_OF(unit) WASM_BPF_TAG("unit:" #unit)
/* Metric that the member is: METRIC(counter), METRIC(gauge), METRIC(histogram). */
#define METRIC(kind) WASM_BPF_TAG("metric:" #kind)
/* Member whose values tell the series of the struct's metrics apart: few values, please. */
#define LABEL WASM_BPF_TAG("label")
/* Member that is shown on request only. */
#define HIDDEN WASM_BPF_TAG("hidden")
/* Member that is shown if options are set, or not: SHOWN_IF(per_cpu && !quiet || all). */
#define SHOWN_IF(...) WASM_BPF_TAG("shown_if:" #__VA_ARGS__)

/* Member that is computed from others when a table is shown: + - * / of members and numbers, such
 * as COMPUTED(100 * hits / (hits + misses)). Negative results and divisions by zero are 0. */
#define COMPUTED(...) WASM_BPF_TAG("computed:" #__VA_ARGS__)

/* ---- maps ---------------------------------------------------------------------------------- */

#define WASM_BPF_PASTE_(a, b) a##b
#define WASM_BPF_PASTE(a, b) WASM_BPF_PASTE_(a, b)

/* A section that no loader takes for data: its variables exist for their types and tags alone. */
#define WASM_BPF_MARKER __attribute__((section("wasm_bpf.records"), used))

/* Ring buffer or perf event array `map` carries `type`; also keeps the type in BTF. */
#define RECORDS(map, type)                                                                         \
	type *const WASM_BPF_PASTE(wasm_bpf_records_, map)                                         \
	    WASM_BPF_MARKER WASM_BPF_TAG("records:" #map)

/* Map is shown as a table: TABLE(counts, INTERVAL(1s), SORT(-count), LIMIT(20), CLEAR). */
#define TABLE(map, ...) WASM_BPF_SHOW(table, map, ##__VA_ARGS__)
/* Map's values hold slots of a histogram: HISTOGRAM(hists, UNIT(usecs), SLOTS(slots), LINEAR(10)).
 */
#define HISTOGRAM(map, ...) WASM_BPF_SHOW(histogram, map, ##__VA_ARGS__)
/* Map counts stacks, whose ids lead to another map: STACKS(counts, IDS(stacks)). */
#define STACKS(map, ...) WASM_BPF_SHOW(stacks, map, ##__VA_ARGS__)

#define WASM_BPF_SHOW(kind, map, ...)                                                              \
	const char WASM_BPF_PASTE(wasm_bpf_##kind##_, map)                                         \
	WASM_BPF_MARKER WASM_BPF_TAG(#kind ":" #map WASM_BPF_JOIN(__VA_ARGS__)) = 0

/* Words of maps. Unit and order can depend on an option: UNIT(milliseconds ? msecs : usecs); a
 * limit can be one: LIMIT(top). */
#define INTERVAL(duration) ";interval=" #duration
#define SORT(...) ";sort=" #__VA_ARGS__
#define LIMIT(rows) ";limit=" #rows
#define CLEAR ";clear=1"
#define UNIT(unit) ";unit=" #unit
#define SLOTS(member) ";slots=" #member
#define LINEAR(step) ";linear=" #step
#define IDS(map) ";ids=" #map
/* Iterator that fills the map before each look, which empties it: FILL(on_element). */
#define FILL(program) ";fill=" #program
/* Shown only if options are set, or not: IF(per_cpu && !quiet || all). */
#define IF(...) ";if=" #__VA_ARGS__

/* Strings next to each other become one; at most six words. */
#define WASM_BPF_JOIN(...) WASM_BPF_JOIN_(0, ##__VA_ARGS__, "", "", "", "", "", "", "")
#define WASM_BPF_JOIN_(zero, a, b, c, d, e, f, ...) a b c d e f

/* ---- programs ------------------------------------------------------------------------------ */

/* Programs that see the same thing, the best first: the first that this kernel takes is loaded.
 * WAYS(connect, on_fentry, on_kprobe, on_enter + on_exit); */
#define WAYS(place, ...)                                                                           \
	const char WASM_BPF_PASTE(wasm_bpf_ways_, place)                                           \
	WASM_BPF_MARKER WASM_BPF_TAG("ways:" #place ":" #__VA_ARGS__) = 0

/* Target of a program whose section has none; {NAME} is the value of a variable.
 * PLACE(on_sample, "software:cpu-clock@{frequency}"); */
#define PLACE(program, target)                                                                     \
	const char WASM_BPF_PASTE(wasm_bpf_place_, program)                                        \
	WASM_BPF_MARKER WASM_BPF_TAG("place:" #program ":" target) = 0

/* Programs without which the tool works as well: no warning if they cannot be attached. */
#define OPTIONAL(...)                                                                              \
	const char WASM_BPF_PASTE(wasm_bpf_optional_, __LINE__)                                    \
	WASM_BPF_MARKER WASM_BPF_TAG("optional:" #__VA_ARGS__) = 0

/* Programs that are loaded only if options are set, or not; a condition as in IF.
 * ONLY_IF(pid || name, on_malloc, on_free); */
#define ONLY_IF(condition, ...)                                                                    \
	const char WASM_BPF_PASTE(wasm_bpf_only_if_, __LINE__)                                     \
	WASM_BPF_MARKER WASM_BPF_TAG("only_if:" #__VA_ARGS__ ":" #condition) = 0

/* ---- options and the tool ------------------------------------------------------------------ */

/* Global variable that is an option: its type, name, value, letter ('m', or 0 for none) and help.
 */
#define OPTION(type, name, value, letter, help)                                                    \
	type name WASM_BPF_TAG("option:" #letter ":" help) = value

/* Numbers after the tool's name set an option, NUMBERS(min_us), or are a time to trace,
 * NUMBERS(SECONDS). Without it they are INTERVAL [COUNT] for tables, and a time for events. */
#define NUMBERS(meaning)                                                                           \
	const char wasm_bpf_numbers WASM_BPF_MARKER WASM_BPF_TAG("numbers:" #meaning) = 0

/* Option that prints the names of a format instead of a trace: LISTS(list, syscall). */
#define LISTS(option, format)                                                                      \
	const char WASM_BPF_PASTE(wasm_bpf_lists_, option)                                         \
	WASM_BPF_MARKER WASM_BPF_TAG("lists:" #option ":" #format) = 0

/* Name of the tool, and its effect. */
#define TOOL(name, about)                                                                          \
	const char wasm_bpf_tool WASM_BPF_MARKER WASM_BPF_TAG("tool:" name ":" about) = 0

#endif
