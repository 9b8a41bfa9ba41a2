/* SPDX-License-Identifier: MIT */
/* Guest half: prints every TCP connection that is made until Ctrl-C. */
#include <arpa/inet.h>

#include "wasm_bpf_tool.h"
#include "tcpconnlat.h"

WASM_BPF_EMBED(tcpconnlat_bpf, "tcpconnlat.bpf.o");

static struct {
	struct config config;
	bool time, local_port, verbose;
	unsigned long long shown;
} tool;

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "u64 latency_ns; u32 pid; u16 is_ipv6; u16 lport; u16 dport; "
			      "u16 __reserved[3]; char comm[16]; u8 saddr[16]; u8 daddr[16]";

static int handle_event(void *ctx, void *data, size_t size)
{
	const struct event *e = (const struct event *)data;
	int family = e->is_ipv6 ? AF_INET6 : AF_INET;
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	(void)ctx;
	if (size < sizeof(*e))
		return -EINVAL;
	tool.shown++;
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	printf("%-7u ", e->pid);
	tool_print_text(e->comm, COMM_LEN);
	inet_ntop(family, e->local, local, sizeof(local));
	inet_ntop(family, e->remote, remote, sizeof(remote));
	printf(" %-2d %-16s ", e->is_ipv6 ? 6 : 4, local);
	if (tool.local_port)
		printf("%-5u ", e->local_port);
	printf("%-16s %-5u %llu.%03llu\n", remote, e->remote_port, e->latency_ns / TOOL_NS_PER_MS,
	       e->latency_ns / 1000 % 1000);
	return 0;
}

static void print_header(void)
{
	printf("%s%-7s %-16s %-2s %-16s %s%-16s %-5s %s\n", tool.time ? "TIME     " : "", "PID",
	       "COMM", "IP", "SADDR", tool.local_port ? "LPORT " : "", "DADDR", "DPORT", "LAT(ms)");
}

static const struct tool_option options[] = {
    TOOL_OPERAND("MIN_MS", "only those that took at least as many milliseconds"),
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    /* The name that it had before. */
    TOOL_FLAG('t', NULL, tool.time, true, NULL),
    TOOL_FLAG('L', "lport", tool.local_port, true, "the local port as well"),
    TOOL_NUMBER('p', "pid", "PID", tool.config.pid, 1, 0x7fffffff, "only this process"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "tcpconnlat [-T] [-L] [-p PID] [-v] [MIN_MS]",
    .summary = "Prints every TCP connection that a process makes, and its latency.\n",
    TOOL_OPTIONS(options),
    .max_operands = 1,
};

/* Reads milliseconds, such as 0.1, as nanoseconds. */
static bool read_ms(const char *text, unsigned long long *ns)
{
	const char *point = strchr(text, '.');
	size_t length = point ? (size_t)(point - text) : 0;
	/* Nanoseconds of the first digit after the point; those after the sixth are cut. */
	uint64_t ms = 0, rest = 0, weight = TOOL_NS_PER_MS / 10;
	char whole[16] = "0";

	/* Other words are errors, which show all of the word. */
	if (point && point[1] && !point[1 + strspn(point + 1, "0123456789")] &&
	    length < sizeof(whole)) {
		snprintf(whole, sizeof(whole), "%.*s", length ? (int)length : 1,
			 length ? text : "0");
		for (const char *digit = point + 1; *digit; digit++, weight /= 10)
			rest += (uint64_t)(*digit - '0') * weight;
		text = whole;
	}
	if (!tool_number("MIN_MS", text, 0, 1000000000, &ms))
		return false;
	*ns = ms * TOOL_NS_PER_MS + rest;
	return true;
}

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	if (optind < argc && !read_ms(argv[optind], &tool.config.least_ns))
		return 2;
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(tcpconnlat_bpf, tool),
	    TOOL_CONFIG(tool),
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("connections", members, struct event),
	});
}
