/* SPDX-License-Identifier: MIT */
/* Guest half: prints every change of a TCP socket's state until Ctrl-C. */
#include <arpa/inet.h>
#include <getopt.h>

#include "wasm_bpf_tool.h"
#include "tcpstates.h"

WASM_BPF_EMBED(tcpstates_bpf, "tcpstates.bpf.o");

static struct {
	struct config config;
	bool time, verbose;
	unsigned long long shown;
} tool;

/* IPv6 addresses need more room. */
static int address_width = 15;

static const char usage[] = "Usage: tcpstates [-T] [-4 | -6] [-w] [-L PORT] [-D PORT] [-v]\n"
			    "Prints every TCP socket that goes from one state to another.\n"
			    "\n"
			    "  -T, --timestamp        when, in local time\n"
			    "  -4, --ipv4             only IPv4\n"
			    "  -6, --ipv6             only IPv6\n"
			    "  -w, --wide             columns as wide as IPv6 addresses\n"
			    "  -L, --localport PORT   only this local port\n"
			    "  -D, --remoteport PORT  only this remote port\n"
			    "  -v, --verbose          counts at the end, to stderr\n"
			    "  -h, --help             this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'},
    {"ipv4", no_argument, NULL, '4'},
    {"ipv6", no_argument, NULL, '6'},
    {"wide", no_argument, NULL, 'w'},
    {"localport", required_argument, NULL, 'L'},
    {"remoteport", required_argument, NULL, 'D'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *state_name(unsigned int state)
{
	static const char *const names[] = {
	    "?",	 "ESTABLISHED", "SYN_SENT",	"SYN_RECV",   "FIN_WAIT1",
	    "FIN_WAIT2", "TIME_WAIT",	"CLOSE",	"CLOSE_WAIT", "LAST_ACK",
	    "LISTEN",	 "CLOSING",	"NEW_SYN_RECV",
	};

	return names[state < sizeof(names) / sizeof(names[0]) ? state : 0];
}

/* Prints an address. An IPv6 socket's peer may be an IPv4 one, ::ffff:a.b.c.d, which is printed
 * in its usual form. */
static void print_address(char *text, const unsigned char *address, bool is_ipv6)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool is_mapped = is_ipv6 && !memcmp(address, mapped, sizeof(mapped));

	inet_ntop(is_ipv6 && !is_mapped ? AF_INET6 : AF_INET,
		  is_mapped ? address + sizeof(mapped) : address, text, INET6_ADDRSTRLEN);
}

static int handle_event(void *ctx, void *data, size_t size)
{
	const struct event *e = (const struct event *)data;
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	(void)ctx;
	if (size < sizeof(*e))
		return -EINVAL;
	tool.shown++;
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	printf("%-16llx %-7u ", e->socket, e->pid);
	tool_print_text(e->comm, COMM_LEN);
	print_address(local, e->local, e->is_ipv6);
	print_address(remote, e->remote, e->is_ipv6);
	printf(" %-*s %-5u %-*s %-5u %-11s -> %-11s %llu.%03llu\n", address_width, local,
	       e->local_port, address_width, remote, e->remote_port, state_name(e->old_state),
	       state_name(e->new_state), e->in_state_ns / TOOL_NS_PER_MS,
	       e->in_state_ns / 1000 % 1000);
	return 0;
}

/* The host has already reported failures on stderr. */
static int trace(void)
{
	struct bpf_object *object =
	    bpf_object__open_mem(tcpstates_bpf, WASM_BPF_SIZE(tcpstates_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) ||
	    bpf_object__load(object) || bpf_object__attach(object))
		goto out_close;
	printf("%s%-16s %-7s %-16s %-*s %-5s %-*s %-5s %-11s -> %-11s %s\n",
	       tool.time ? "TIME     " : "", "SKADDR", "C-PID", "C-COMM", address_width, "LADDR",
	       "LPORT", address_width, "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS");
	exit_code = tool_poll_ring(object, "events", handle_event, NULL, 0);
	tool_report(object, tool.shown, tool.verbose);
out_close:
	bpf_object__close(object);
	return exit_code;
}

static bool take_port(const char *option, const char *text, unsigned short *port)
{
	uint64_t number;

	if (!tool_number(option, text, 1, 65535, &number))
		return false;
	*port = (unsigned short)number;
	return true;
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "T46wL:D:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
			break;
		case '4':
		case '6':
			tool.config.family = (unsigned short)(option - '0');
			break;
		case 'w':
			address_width = 39;
			break;
		case 'L':
			if (!take_port("--localport", optarg, &tool.config.local_port))
				return 2;
			break;
		case 'D':
			if (!take_port("--remoteport", optarg, &tool.config.remote_port))
				return 2;
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
	return optind < argc ? wrong_usage() : trace();
}
