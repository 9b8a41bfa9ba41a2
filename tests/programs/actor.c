// SPDX-License-Identifier: MIT
/*
 * Performs actions that trigger attached programs.
 *
 *	actor [--cgroup DIRECTORY] [--to ADDRESS] ACTION...
 *
 * ACTION: call (a function, a USDT probe, getpgid), packets (UDP and TCP through lo), sockets
 * (every call that a cgroup program can watch), connection (TCP through lo, port 7777), datagrams
 * (UDP to ADDRESS: 3 to port 53, 2 to port 54), query (DNS through lo, the answer is NXDOMAIN),
 * refused (TCP to a port without a listener), retransmit (TCP to a full listener), lookup (a name),
 * line, tls (functions with names of libraries'), spin (for 0.3 s), nap, leak (memory), vectors
 *(readv(2) and pwritev(2) of the file ./vectors), empty (binds to port 0, stat(2) of an empty
 * path), new-mount (on /dev, step by step), rereads (20,000 times 128 KiB at the start of its
 *own file), lo-up, wait (until standard input ends).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <errno.h>
#include <linux/mount.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---- code to probe --------------------------------------------------------------------------- */

__attribute__((noinline)) int wasm_bpf_test_function(int number)
{
	__asm__ volatile("" : "+r"(number));
	return number + 1;
}

__attribute__((noinline)) int wasm_bpf_test_other(int number)
{
	__asm__ volatile("" : "+r"(number));
	return number + 2;
}

/*
 * The probe wasm_bpf_test:called(first, second, third), in the format of sys/sdt.h: a nop, and an
 * ELF note with its address, the address of .stapsdt.base, no semaphore, provider, name, and
 * locations of the arguments.
 */
static void usdt_probe(long first, long second, long third)
{
	__asm__ volatile("990: nop\n"
			 ".pushsection .note.stapsdt,\"?\",\"note\"\n"
			 ".balign 4\n"
			 ".4byte 992f-991f, 994f-993f, 3\n"
			 "991: .asciz \"stapsdt\"\n"
			 "992: .balign 4\n"
			 "993: .8byte 990b\n"
			 ".8byte _.stapsdt.base\n"
			 ".8byte 0\n"
			 ".asciz \"wasm_bpf_test\"\n"
			 ".asciz \"called\"\n"
			 ".asciz \"-8@%0 -8@%1 -8@%2\"\n"
			 "994: .balign 4\n"
			 ".popsection\n"
			 ".ifndef _.stapsdt.base\n"
			 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
			 ".weak _.stapsdt.base\n"
			 ".hidden _.stapsdt.base\n"
			 "_.stapsdt.base: .space 1\n"
			 ".size _.stapsdt.base, 1\n"
			 ".popsection\n"
			 ".endif\n"
			 :
			 : "r"(first), "r"(second), "r"(third));
}

static void call(void)
{
	if (wasm_bpf_test_function(41) != 42 || wasm_bpf_test_other(40) != 42)
		exit(1);
	usdt_probe(1, 2, 4711);
	getpgid(0);
}

/* ---- traffic, through lo only ---------------------------------------------------------------- */

static const struct sockaddr_in nobody4 = {
    .sin_family = AF_INET, .sin_port = 0x0900, .sin_addr.s_addr = 0x0100007f};

static void packets(void)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);

	sendto(udp, "packet", 6, 0, (const void *)&nobody4, sizeof(nobody4));
	/* The connection is refused, after its packets were sent. */
	connect(tcp, (const void *)&nobody4, sizeof(nobody4));
	close(udp);
	close(tcp);
}

/* Two sockets of one family that exchange data; a program watches each call. */
static void talk(const struct sockaddr *any, socklen_t size)
{
	int receiver = socket(any->sa_family, SOCK_DGRAM, 0);
	int sender = socket(any->sa_family, SOCK_DGRAM, 0);
	struct sockaddr_storage own, peer;
	socklen_t length = sizeof(own);
	int value = 1;
	char text[8];

	setsockopt(receiver, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value));
	bind(receiver, any, size);
	getsockname(receiver, (void *)&own, &length);
	sendto(sender, "packet", 6, 0, (void *)&own, length);
	recvfrom(receiver, text, sizeof(text), MSG_DONTWAIT, (void *)&peer,
		 &(socklen_t){sizeof(peer)});
	connect(sender, (void *)&own, length);
	getpeername(sender, (void *)&peer, &(socklen_t){sizeof(peer)});
	getsockopt(sender, SOL_SOCKET, SO_TYPE, &value, &(socklen_t){sizeof(value)});
	close(receiver);
	close(sender);
}

static void sockets(void)
{
	const struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f};
	const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6,
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	const struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "\0wasm-bpf-test"};
	int local = socket(AF_UNIX, SOCK_STREAM, 0), file;
	char text[64];

	talk((const void *)&any4, sizeof(any4));
	talk((const void *)&any6, sizeof(any6));
	connect(local, (const void *)&nowhere, sizeof(nowhere));
	close(local);
	packets();
	file = open("/proc/sys/kernel/ostype", O_RDONLY);
	if (read(file, text, sizeof(text)) < 0)
		exit(1);
	close(file);
	close(open("/dev/null", O_RDWR));
}

/* Makes one TCP connection from start to end: five bytes one way; the client closes first. */
static void connection(void)
{
	const struct sockaddr_in place = {
	    .sin_family = AF_INET, .sin_port = htons(7777), .sin_addr.s_addr = 0x0100007f};
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int server, on = 1;
	char text[8];

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (const void *)&place, sizeof(place)) || listen(listener, 1) ||
	    connect(client, (const void *)&place, sizeof(place)))
		exit(1);
	server = accept(listener, NULL, NULL);
	if (write(client, "hello", 5) != 5 || read(server, text, sizeof(text)) != 5)
		exit(1);
	close(client);
	if (read(server, text, sizeof(text)))
		exit(1);
	close(server);
	close(listener);
}

static void datagrams(const char *address)
{
	struct sockaddr_in place = {.sin_family = AF_INET};
	int udp = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &place.sin_addr) != 1)
		exit(2);
	for (int i = 0; i < 5; i++) {
		place.sin_port = htons(i < 3 ? 53 : 54);
		sendto(udp, "datagram", 8, 0, (const void *)&place, sizeof(place));
	}
	close(udp);
}

/* Asks a server of its own for the address of example.org, which it does not have. */
static void query(void)
{
	static const unsigned char packet[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
					      "\x07"
					      "example"
					      "\x03"
					      "org"
					      "\x00\x00\x01\x00\x01";
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(53)};
	int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	unsigned char buffer[64];
	ssize_t length;

	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(server, (const void *)&place, sizeof(place)))
		exit(1);
	sendto(client, packet, sizeof(packet) - 1, 0, (const void *)&place, sizeof(place));
	length = recvfrom(server, buffer, sizeof(buffer), 0, (void *)&from, &size);
	if (length < 4)
		exit(1);
	buffer[2] = 0x81;
	buffer[3] = 0x83;
	sendto(server, buffer, length, 0, (const void *)&from, size);
	if (recv(client, buffer, sizeof(buffer), 0) != length)
		exit(1);
	close(client);
	close(server);
}

static int connect_to(int port, int flags)
{
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};
	int client = socket(AF_INET, SOCK_STREAM | flags, 0);

	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(client, (const void *)&place, sizeof(place)) && errno != EINPROGRESS) {
		close(client);
		return -1;
	}
	return client;
}

static void refused(void)
{
	if (connect_to(7778, 0) >= 0)
		exit(1);
}

/* A listener that accepts nothing drops what it has no room for: it is sent again after 1 s. */
static void retransmit(void)
{
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(7779)};
	int server = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct pollfd last;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(server, (const void *)&place, sizeof(place)) || listen(server, 0))
		exit(1);
	for (int i = 0; i < 4; i++)
		last.fd = connect_to(7779, SOCK_NONBLOCK);
	last.events = POLLOUT;
	poll(&last, 1, 1500);
}

static void lookup(void)
{
	struct addrinfo *found;

	if (!getaddrinfo("localhost", NULL, NULL, &found))
		freeaddrinfo(found);
}

/* Functions with the names and arguments of readline's and OpenSSL's. */
__attribute__((noinline)) char *readline(const char *prompt)
{
	static char text[] = "echo typed";

	__asm__ volatile("" : "+r"(prompt));
	return text;
}

__attribute__((noinline)) int SSL_write(void *session, const void *data, int size)
{
	__asm__ volatile("" : "+r"(session), "+r"(data));
	return size;
}

__attribute__((noinline)) int SSL_read(void *session, void *data, int size)
{
	(void)size;
	__asm__ volatile("" : "+r"(session));
	memcpy(data, "HTTP/1.1 200", 12);
	return 12;
}

__attribute__((noinline)) int SSL_read_ex(void *session, void *data, size_t size, size_t *bytes)
{
	(void)size;
	__asm__ volatile("" : "+r"(session));
	memcpy(data, "more text", 9);
	*bytes = 9;
	return 1;
}

static void tls(void)
{
	char buffer[64];
	size_t bytes;

	SSL_write(NULL, "GET / HTTP/1.1", 14);
	SSL_read(NULL, buffer, sizeof(buffer));
	SSL_read_ex(NULL, buffer, sizeof(buffer), &bytes);
}

__attribute__((noinline)) static void spin(void)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	do {
		for (int i = 0; i < 1000000; i++)
			wasm_bpf_test_function(i);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - end.tv_sec) * 1000000000LL + now.tv_nsec - end.tv_nsec <
		 300000000LL);
}

__attribute__((noinline)) static void leak(void)
{
	for (int i = 0; i < 10; i++) {
		void *kept = malloc(12345), *freed = malloc(54321);

		__asm__ volatile("" : "+r"(kept), "+r"(freed));
		free(freed);
	}
	/* As long as its stack can be looked up. */
	usleep(300000);
}

static void bring_up_lo(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int any = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(any, SIOCSIFFLAGS, &request))
		exit(1);
	close(any);
}

static void join_cgroup(const char *directory)
{
	char path[4096];
	int file;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	file = open(path, O_WRONLY);
	if (write(file, "0", 1) != 1)
		exit(1);
	close(file);
}

static void vectors(void)
{
	int file = open("vectors", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char first[1000] = "", second[1500] = "";
	struct iovec parts[] = {{first, sizeof(first)}, {second, sizeof(second)}};

	if (pwritev(file, parts, 2, 0) != 2500 || readv(file, parts, 1) != 1000)
		exit(1);
	close(file);
}

static void new_mount(void)
{
	int context = syscall(SYS_fsopen, "tmpfs", 0), mount;

	syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", "wasm-bpf-test", 0);
	syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	mount = syscall(SYS_fsmount, context, 0, 0);
	if (syscall(SYS_move_mount, mount, "", AT_FDCWD, "/dev", MOVE_MOUNT_F_EMPTY_PATH))
		exit(1);
}

/* A port that the kernel chooses, and a path that is not one. */
static void empty(void)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f};
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct stat facts;

	if (bind(tcp, (const void *)&any, sizeof(any)) || !stat("", &facts))
		exit(1);
	close(tcp);
}

static void reread(void)
{
	static char buffer[128 << 10];
	int file = open("/proc/self/exe", O_RDONLY);

	for (int i = 0; i < 20000; i++)
		if (pread(file, buffer, sizeof(buffer), 0) <= 0)
			exit(1);
	close(file);
}

static void wait_for_end(void)
{
	char byte;

	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		exit(1);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *address = "127.0.0.1";

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--cgroup") && i + 1 < argc)
			join_cgroup(argv[++i]);
		else if (!strcmp(argv[i], "--to") && i + 1 < argc)
			address = argv[++i];
		else if (!strcmp(argv[i], "call"))
			call();
		else if (!strcmp(argv[i], "packets"))
			packets();
		else if (!strcmp(argv[i], "sockets"))
			sockets();
		else if (!strcmp(argv[i], "connection"))
			connection();
		else if (!strcmp(argv[i], "datagrams"))
			datagrams(address);
		else if (!strcmp(argv[i], "query"))
			query();
		else if (!strcmp(argv[i], "refused"))
			refused();
		else if (!strcmp(argv[i], "retransmit"))
			retransmit();
		else if (!strcmp(argv[i], "lookup"))
			lookup();
		else if (!strcmp(argv[i], "line"))
			readline("$ ");
		else if (!strcmp(argv[i], "tls"))
			tls();
		else if (!strcmp(argv[i], "spin"))
			spin();
		else if (!strcmp(argv[i], "nap"))
			usleep(50000);
		else if (!strcmp(argv[i], "leak"))
			leak();
		else if (!strcmp(argv[i], "vectors"))
			vectors();
		else if (!strcmp(argv[i], "new-mount"))
			new_mount();
		else if (!strcmp(argv[i], "empty"))
			empty();
		else if (!strcmp(argv[i], "rereads"))
			reread();
		else if (!strcmp(argv[i], "lo-up"))
			bring_up_lo();
		else if (!strcmp(argv[i], "wait"))
			wait_for_end();
		else
			return 2;
	}
	return 0;
}
