/* SPDX-License-Identifier: MIT */
/* Guest half: prints every change of a TCP socket's state until Ctrl-C. */
#include <arpa/inet.h>

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

/* struct event, for the host's -o, --filter, --sort and others. */
#define STATE(name)                                                                                \
	"u16 " #name " @enum(ESTABLISHED=1,SYN_SENT,SYN_RECV,FIN_WAIT1,FIN_WAIT2,TIME_WAIT,"       \
	"CLOSE,CLOSE_WAIT,LAST_ACK,LISTEN,CLOSING,NEW_SYN_RECV); "
static const char members[] = "u64 skaddr @hex; u64 duration_ns @ns; u32 pid; " STATE(old_state)
    STATE(new_state) "u16 is_ipv6; u16 lport; u16 dport; u16 __reserved; "
		     "char comm[16]; u8 saddr[16] @ip; u8 daddr[16] @ip";

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

static void print_header(void)
{
	printf("%s%-16s %-7s %-16s %-*s %-5s %-*s %-5s %-11s -> %-11s %s\n",
	       tool.time ? "TIME     " : "", "SKADDR", "C-PID", "C-COMM", address_width, "LADDR",
	       "LPORT", address_width, "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS");
}

/* Reads "80,443". */
static bool set_ports(unsigned short *ports, const char *what, const char *text)
{
	size_t count = 0;

	for (;;) {
		size_t length = strcspn(text, ",");
		uint64_t port = 0;
		char word[16];

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		if (!tool_number(what, length < sizeof(word) ? word : text, 1, 65535, &port))
			return false;
		if (count == PORTS) {
			fprintf(stderr, "error: %s takes at most %d ports\n", what, PORTS);
			return false;
		}
		ports[count++] = (unsigned short)port;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

static bool set_local_ports(const char *text)
{
	return set_ports(tool.config.local_ports, "--localport", text);
}

static bool set_remote_ports(const char *text)
{
	return set_ports(tool.config.remote_ports, "--remoteport", text);
}

static const struct tool_option options[] = {
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_FLAG('4', "ipv4", tool.config.family, 4, "only IPv4"),
    TOOL_FLAG('6', "ipv6", tool.config.family, 6, "only IPv6"),
    TOOL_FLAG('w', "wide", address_width, 39, "columns as wide as IPv6 addresses"),
    TOOL_TEXT('L', "localport", "PORT,...", set_local_ports, "only these local ports"),
    TOOL_TEXT('D', "remoteport", "PORT,...", set_remote_ports, "only these remote ports"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "tcpstates [-T] [-4 | -6] [-w] [-L PORT,...] [-D PORT,...] [-v]",
    .summary = "Prints every TCP socket that goes from one state to another.\n",
    TOOL_OPTIONS(options),
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(tcpstates_bpf, tool),
	    TOOL_CONFIG(tool),
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("states", members, struct event),
	});
}
