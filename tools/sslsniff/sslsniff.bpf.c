// SPDX-License-Identifier: MIT
/* sslsniff: text that processes send and receive by TLS libraries, before it is encrypted. */
#include "tool.bpf.h"

#define DATA_BYTES 4096

TOOL("sslsniff", "show data of TLS connections, before encryption");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile path_text, openssl, "libssl.so.3", 'o', "OpenSSL: path or name");
OPTION(const volatile path_text, gnutls, "libgnutls.so.30", 'g', "GnuTLS: path or name");
OPTION(const volatile path_text, nss, "libnspr4.so", 's', "NSS: path or name");

enum function { READ, WRITE };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	enum function function;
	__u32 len;
	__u64 lat_ns;
	char data[DATA_BYTES];
	__u64 cgroup_id HIDDEN;
};

struct call {
	const void *data;
	/* Where the function leaves the number of bytes, if its result is not that. */
	const __u64 *bytes;
	__u64 since;
};

EVENTS(struct event);
STATE(call_start, __u32, struct call);
FORGET_ENDED(call_start)

/* Records are cut to their data: they are made here. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event);
} scratch SEC(".maps");

static __always_inline int begin(const void *data, const void *bytes)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call call = {.data = data, .bytes = bytes, .since = bpf_ktime_get_ns()};

	if (!IS_OTHER(pid) && !is_other_comm(name))
		bpf_map_update_elem(&call_start, &tid, &call, BPF_ANY);
	return 0;
}

static __always_inline void count_lost(void)
{
	__u32 first = 0;
	__u64 *lost = bpf_map_lookup_elem(&events_lost_samples, &first);

	if (lost)
		*lost += 1;
}

static __always_inline void show(const struct call *call, __s64 bytes, enum function function)
{
	__u32 first = 0, size = bytes > DATA_BYTES ? DATA_BYTES : bytes;
	struct event *event = bpf_map_lookup_elem(&scratch, &first);

	if (!event)
		return;
	SET_ORIGIN(event);
	event->function = function;
	event->len = bytes;
	event->lat_ns = bpf_ktime_get_ns() - call->since;
	barrier_var(size);
	if (size > DATA_BYTES)
		return;
	if (bpf_probe_read_user(event->data, size, call->data))
		size = 0;
	if (bpf_ringbuf_output(&events, event, __builtin_offsetof(struct event, data) + size, 0))
		count_lost();
}

static __always_inline int end(int result, enum function function)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&call_start, &tid);
	__s64 bytes = result;
	__u64 left = 0;

	if (!call)
		return 0;
	if (call->bytes && result == 1 && !bpf_probe_read_user(&left, sizeof(left), call->bytes))
		bytes = left;
	if (bytes > 0)
		show(call, bytes, function);
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

/* Defines programs of a function whose second argument is the data; the fourth may get the size. */
#define FUNCTION(library, name, function, bytes)                                                   \
	PLACE(enter_##name, "{" #library "}:" #name);                                              \
	PLACE(exit_##name, "{" #library "}:" #name);                                               \
	SEC("uprobe")                                                                              \
	int BPF_KPROBE(enter_##name, void *session, void *data, __u64 size, void *fourth)          \
	{                                                                                          \
		return begin(data, bytes);                                                         \
	}                                                                                          \
	SEC("uretprobe")                                                                           \
	int BPF_KRETPROBE(exit_##name, int result)                                                 \
	{                                                                                          \
		return end(result, function);                                                      \
	}

FUNCTION(openssl, SSL_read, READ, NULL)
FUNCTION(openssl, SSL_write, WRITE, NULL)
FUNCTION(openssl, SSL_read_ex, READ, fourth)
FUNCTION(openssl, SSL_write_ex, WRITE, fourth)
FUNCTION(gnutls, gnutls_record_recv, READ, NULL)
FUNCTION(gnutls, gnutls_record_send, WRITE, NULL)
FUNCTION(nss, PR_Recv, READ, NULL)
FUNCTION(nss, PR_Send, WRITE, NULL)
/* A machine has some of the libraries. */
OPTIONAL(enter_SSL_read, exit_SSL_read, enter_SSL_write, exit_SSL_write, enter_SSL_read_ex,
	 exit_SSL_read_ex, enter_SSL_write_ex, exit_SSL_write_ex, enter_gnutls_record_recv,
	 exit_gnutls_record_recv, enter_gnutls_record_send, exit_gnutls_record_send, enter_PR_Recv,
	 exit_PR_Recv, enter_PR_Send, exit_PR_Send);
