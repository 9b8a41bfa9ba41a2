/* SPDX-License-Identifier: MIT */
/* Guest half: prints the TCP connections of a cgroup until Ctrl-C. */
#include <arpa/inet.h>

#include "sockops.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(sockops_bpf, "sockops.bpf.o");

static struct {
	const char *cgroup;
	bool time, verbose;
	unsigned long long shown;
} tool;

static void print_side(const struct event *e, const unsigned char *address, unsigned short port)
{
	char text[INET6_ADDRSTRLEN], side[INET6_ADDRSTRLEN + 8];

	inet_ntop(e->is_ipv6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
	snprintf(side, sizeof(side), e->is_ipv6 ? "[%s]:%u" : "%s:%u", text, port);
	printf(" %-21s", side);
}

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] =
    "u64 sent_bytes; u64 received_bytes; u32 kind @enum(connect,accept,close); "
    "u32 round_trip_us; u32 retransmitted; u16 lport; u16 dport; "
    "u8 saddr[16] @ip; u8 daddr[16] @ip; u32 is_ipv6; u32 __reserved";

static int handle_event(void *ctx, void *data, size_t size)
{
	static const char *const kinds[] = {"connect", "accept", "close"};
	const struct event *e = (const struct event *)data;

	(void)ctx;
	if (size < sizeof(*e) || e->kind > EVENT_CLOSE)
		return -EINVAL;
	tool.shown++;
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	printf("%-7s", kinds[e->kind]);
	print_side(e, e->local, e->local_port);
	print_side(e, e->remote, e->remote_port);
	printf(" %7u %9llu %9llu %7u\n", e->round_trip_us, e->bytes_sent, e->bytes_received,
	       e->retransmitted);
	return 0;
}

static bool attach(const struct bpf_object *object)
{
	return bpf_program__attach_to(bpf_object__find_program_by_name(object, "on_socket"),
				      tool.cgroup);
}

static void print_header(void)
{
	printf("%s%-7s %-21s %-21s %7s %9s %9s %s\n", tool.time ? "TIME     " : "", "EVENT",
	       "LOCAL", "REMOTE", "RTT(us)", "SENT", "RECEIVED", "RETRANS");
}

static const struct tool_option options[] = {
    TOOL_OPERAND("CGROUP", "a directory of cgroup2, such as /sys/fs/cgroup/system.slice"),
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "sockops [-T] [-v] CGROUP",
    .summary = "Prints the TCP connections of a cgroup's processes: their beginning and their "
	       "end.\n",
    TOOL_OPTIONS(options),
    .min_operands = 1,
    .max_operands = 1,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	tool.cgroup = argv[optind];
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(sockops_bpf, tool),
	    .attach = attach,
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("connections", members, struct event),
	});
}
