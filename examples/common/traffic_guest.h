/* SPDX-License-Identifier: MIT */
/* Guest half of xdp and tc: options, rules and counters. */
#ifndef TRAFFIC_GUEST_H
#define TRAFFIC_GUEST_H

#include <arpa/inet.h>
#include <strings.h>

#include "traffic.h"
#include "wasm_bpf_tool.h"

static const char *const kind_names[KINDS] = {"other", "icmp", "tcp", "udp"};

/* Rules of the command line. */
static struct rule traffic_rules[MAX_RULES];
static int traffic_rule_count;

/* Parses "tcp", "udp", "icmp", "tcp:80", "udp:53", or an address. */
static inline bool traffic_parse_rule(const char *text, struct rule *rule)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	uint64_t port;

	memset(rule, 0, sizeof(*rule));
	for (int kind = KIND_ICMP; kind < KINDS; kind++) {
		if (strlen(kind_names[kind]) != length ||
		    strncasecmp(text, kind_names[kind], length))
			continue;
		rule->kind = (unsigned char)kind;
		if (!colon)
			return true;
		if (kind == KIND_ICMP || !tool_number("a rule's port", colon + 1, 1, 65535, &port))
			return false;
		rule->port = (unsigned short)port;
		return true;
	}
	rule->is_address = 1;
	return inet_pton(AF_INET, text, rule->address) == 1 ||
	       inet_pton(AF_INET6, text, rule->address) == 1;
}

/* Adds a rule of the command line; returns false after an error message if it is invalid. */
static inline bool traffic_add_rule(const char *text)
{
	if (traffic_rule_count == MAX_RULES) {
		fprintf(stderr, "error: at most %d rules\n", MAX_RULES);
		return false;
	}
	if (traffic_parse_rule(text, &traffic_rules[traffic_rule_count])) {
		traffic_rule_count++;
		return true;
	}
	fprintf(stderr,
		"error: '%s' is not a rule\nhint: rules are tcp, udp, icmp, tcp:PORT, "
		"udp:PORT, and addresses\n",
		text);
	return false;
}

static inline bool traffic_set_rules(const struct bpf_object *object)
{
	int fd = bpf_object__find_map_fd_by_name(object, "rules");
	unsigned char drop = 1;

	for (int i = 0; i < traffic_rule_count; i++) {
		if (bpf_map_update_elem(fd, &traffic_rules[i], &drop, BPF_ANY))
			return false;
	}
	return true;
}

/* Sums the counters of all CPUs. */
static inline bool traffic_read(const struct bpf_object *object, struct counter *sums, int count)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, "counters");
	struct wasm_bpf_map_info info;
	struct counter *values;
	bool good = true;

	if (wasm_bpf_map_info(bpf_map__fd(map), &info) || !(values = malloc(info.value_size)))
		return false;
	for (int slot = 0; slot < count && good; slot++) {
		good = !bpf_map_lookup_elem(bpf_map__fd(map), &slot, values);
		memset(&sums[slot], 0, sizeof(sums[slot]));
		for (unsigned int cpu = 0; cpu < info.cpus; cpu++) {
			sums[slot].packets += values[cpu].packets;
			sums[slot].bytes += values[cpu].bytes;
			sums[slot].dropped += values[cpu].dropped;
		}
	}
	free(values);
	return good;
}

static const char *const direction_names[] = {"ingress", "egress"};

/* Record for the host's -o, --filter, --sort and others: packets of an interval. */
struct traffic_record {
	char direction[8];
	char protocol[8];
	struct counter counter;
};
_Static_assert(sizeof(struct traffic_record) == 16 + sizeof(struct counter), "no padding");

/* Opens the source of records. Returns its id, 0 if the user requested none, or a negative error.
 */
static inline int traffic_open_records(bool both_ways)
{
	char members[192];

	snprintf(members, sizeof(members),
		 "char %sdirection[8]%s; char protocol[8] @label; u64 packets @metric(counter); "
		 "u64 bytes @metric(counter); u64 dropped @metric(counter)",
		 both_ways ? "" : "__", both_ways ? " @label" : "");
	return wasm_bpf_records_open("packets", members, NULL, 0, 0);
}

/* Writes a record for each kind of packet that has arrived since `before`. */
static inline bool traffic_record(int records, bool both_ways, const struct counter *now,
				  const struct counter *before)
{
	for (int slot = 0; slot < (both_ways ? 2 : 1) * KINDS; slot++) {
		struct traffic_record record = {
		    .counter =
			{
			    now[slot].packets - before[slot].packets,
			    now[slot].bytes - before[slot].bytes,
			    now[slot].dropped - before[slot].dropped,
			},
		};

		if (!record.counter.packets)
			continue;
		strcpy(record.direction, direction_names[slot / KINDS]);
		strcpy(record.protocol, kind_names[slot % KINDS]);
		if (wasm_bpf_records_write(records, &record, sizeof(record)) < 0)
			return false;
	}
	return wasm_bpf_records_flush(records) >= 0;
}

/* Prints a line for each kind of packet that has arrived since `before`. */
static inline void traffic_print(bool both_ways, bool is_total, const struct counter *now,
				 const struct counter *before)
{
	for (int slot = 0; slot < (both_ways ? 2 : 1) * KINDS; slot++) {
		unsigned long long packets = now[slot].packets - before[slot].packets;

		if (!packets)
			continue;
		if (is_total)
			fputs("total   ", stdout);
		else
			tool_print_now();
		if (both_ways)
			printf(" %-7s", direction_names[slot / KINDS]);
		printf(" %-5s %10llu %14llu %10llu\n", kind_names[slot % KINDS], packets,
		       now[slot].bytes - before[slot].bytes,
		       now[slot].dropped - before[slot].dropped);
	}
}

/* Prints the counters of each interval until Ctrl-C, then those of the whole time; returns the
 * exit code.
 */
static inline int traffic_show(const struct bpf_object *object, bool both_ways, uint64_t interval_s,
			       uint64_t count)
{
	struct counter before[2 * KINDS], now[2 * KINDS], zero[2 * KINDS];
	int records = traffic_open_records(both_ways);
	bool goes_on = true;

	if (records < 0)
		return 1;
	memset(before, 0, sizeof(before));
	memset(zero, 0, sizeof(zero));
	if (!records)
		printf("TIME    %s PROTO %10s %14s %10s\n", both_ways ? " DIR    " : "", "PACKETS",
		       "BYTES", "DROPPED");
	for (uint64_t round = 0; goes_on && round < count; round++) {
		if (!tool_flush())
			return 1;
		goes_on = tool_sleep_ms(interval_s * 1000);
		if (!traffic_read(object, now, 2 * KINDS)) {
			fprintf(stderr, "error: Cannot read the counters: %s\n", strerror(errno));
			return 1;
		}
		if (!records)
			traffic_print(both_ways, false, now, before);
		else if (!traffic_record(records, both_ways, now, before))
			return 1;
		memcpy(before, now, sizeof(now));
	}
	if (!records)
		traffic_print(both_ways, true, now, zero);
	return tool_flush() ? 0 : 1;
}

/* Differences between the guests: their eBPF half, its programs, and their help. */
struct traffic_tool {
	const unsigned char *bytes;
	size_t size;
	/* Programs to attach to the interface; both ways if there are two. */
	const char *programs[2];
	const char *synopsis;
	const char *summary;
};

static uint64_t traffic_interval_s = 1, traffic_count = ~0ULL;
static bool traffic_verbose;

static inline bool traffic_attach(const struct bpf_object *object, const char *program,
				  const char *interface)
{
	return !program ||
	       bpf_program__attach_to(bpf_object__find_program_by_name(object, program), interface);
}

/* The host has already reported failures on stderr. */
static inline int traffic_run(const struct traffic_tool *tool, const char *interface)
{
	struct bpf_object *object = bpf_object__open_mem(tool->bytes, tool->size, NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (traffic_verbose)
		fprintf(stderr, "rules: %d; interface: %s\n", traffic_rule_count, interface);
	/* Set the rules before attaching, so that every packet is checked. */
	if (!bpf_object__load(object) && traffic_set_rules(object) &&
	    traffic_attach(object, tool->programs[0], interface) &&
	    traffic_attach(object, tool->programs[1], interface))
		exit_code = traffic_show(object, tool->programs[1] != NULL, traffic_interval_s,
					 traffic_count);
	bpf_object__close(object);
	return exit_code;
}

static const struct tool_option traffic_options[] = {
    TOOL_OPERAND("INTERFACE", "such as eth0: those of /sys/class/net"),
    TOOL_NUMBER('i', "interval", "S", traffic_interval_s, 1, 1000000000,
		"seconds between two outputs (default: 1)"),
    TOOL_NUMBER('c', "count", "N", traffic_count, 1, ~0ULL, "ends after that many"),
    TOOL_TEXT('d', "drop", "RULE", traffic_add_rule,
	      "tcp, udp, icmp, tcp:PORT, udp:PORT (the receiver's), or the address of\n"
	      "the other side; can be given again"),
    TOOL_FLAG('v', "verbose", traffic_verbose, true, "the settings first, to stderr"),
};

/* Parses the command line and runs; returns the exit code. */
static inline int traffic_main(const struct traffic_tool *tool, int argc, char **argv)
{
	const struct tool_command command = {
	    .synopsis = tool->synopsis,
	    .summary = tool->summary,
	    TOOL_OPTIONS(traffic_options),
	    .min_operands = 1,
	    .max_operands = 1,
	};
	int exit_code = tool_parse(&command, argc, argv);

	return exit_code >= 0 ? exit_code : traffic_run(tool, argv[optind]);
}

#endif /* TRAFFIC_GUEST_H */
