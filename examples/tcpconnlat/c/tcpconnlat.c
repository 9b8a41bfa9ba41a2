/* SPDX-License-Identifier: MIT */
/* Guest half: prints every TCP connection that is made until Ctrl-C. */
#include <arpa/inet.h>
#include <getopt.h>

#include "wasm_bpf_tool.h"
#include "tcpconnlat.h"

WASM_BPF_EMBED(tcpconnlat_bpf, "tcpconnlat.bpf.o");

static struct {
	struct config config;
	bool time, local_port, verbose;
	int records; /* id of the source, if -o or other options request records */
	unsigned long long shown;
} tool;

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "u64 latency_ns; u32 pid; u16 is_ipv6; u16 lport; u16 dport; "
			      "u16 __reserved[3]; char comm[16]; u8 saddr[16]; u8 daddr[16]";

static const char usage[] =
    "Usage: tcpconnlat [-T] [-L] [-p PID] [-v] [MIN_MS]\n"
    "Prints every TCP connection that a process makes, and its latency.\n"
    "\n"
    "  MIN_MS            only those that took at least as many milliseconds\n"
    "  -T, --timestamp   when, in local time\n"
    "  -L, --lport       the local port as well\n"
    "  -p, --pid PID     only this process\n"
    "  -v, --verbose     counts at the end, to stderr\n"
    "  -h, --help        this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'}, {"lport", no_argument, NULL, 'L'},
    {"pid", required_argument, NULL, 'p'}, {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0},
};

static int handle_event(void *ctx, void *data, size_t size)
{
	const struct event *e = (const struct event *)data;
	int family = e->is_ipv6 ? AF_INET6 : AF_INET;
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	(void)ctx;
	if (size < sizeof(*e))
		return -EINVAL;
	tool.shown++;
	if (tool.records > 0)
		return wasm_bpf_records_write(tool.records, e, sizeof(*e)) < 0 ? -EIO : 0;
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

/* The host has already reported failures on stderr. */
static int trace(void)
{
	struct bpf_object *object =
	    bpf_object__open_mem(tcpconnlat_bpf, WASM_BPF_SIZE(tcpconnlat_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) ||
	    bpf_object__load(object) || bpf_object__attach(object))
		goto out_close;
	tool.records = wasm_bpf_records_open("connections", members, NULL, 0, 0);
	if (tool.records == 0)
		printf("%s%-7s %-16s %-2s %-16s %s%-16s %-5s %s\n", tool.time ? "TIME     " : "",
		       "PID", "COMM", "IP", "SADDR", tool.local_port ? "LPORT " : "", "DADDR",
		       "DPORT", "LAT(ms)");
	exit_code = tool_poll_ring(object, "events", handle_event, NULL, 0);
	tool_report(object, tool.shown, tool.verbose);
out_close:
	bpf_object__close(object);
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

	while ((option = getopt_long(argc, argv, "TtLp:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
		case 't': /* as it was called before */
			tool.time = true;
			break;
		case 'L':
			tool.local_port = true;
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
	if (optind < argc) {
		if (!tool_number("MIN_MS", argv[optind++], 0, 1000000000, &number))
			return 2;
		tool.config.least_ns = number * TOOL_NS_PER_MS;
	}
	return optind < argc ? wrong_usage() : trace();
}
