// SPDX-License-Identifier: MIT
/*
 * netkit create PRIMARY PEER | netkit send INTERFACE...
 *
 * Creates a pair of netkit interfaces (Linux 6.7), both up and with addresses of two networks;
 * sends a datagram by each interface.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Missing in the headers of some machines. */
#define NETKIT_PEER_INFO 1

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	char attributes[512];
};

static struct rtattr *add(struct request *request, uint16_t type, const void *data, size_t size)
{
	struct rtattr *attribute =
	    (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len =
	    NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_SPACE(size);
	return attribute;
}

/* Encloses every attribute that was added after `outer`. */
static void end(struct request *request, struct rtattr *outer)
{
	char *after = (char *)request + NLMSG_ALIGN(request->header.nlmsg_len);

	outer->rta_len = (uint16_t)(after - (char *)outer);
}

static void create(const char *primary, const char *peer)
{
	struct request request = {
	    .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		       .nlmsg_type = RTM_NEWLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL}};
	struct ifinfomsg none = {0};
	struct rtattr *info, *data, *inner;
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[1024];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	check(fd, "socket");
	add(&request, IFLA_IFNAME, primary, strlen(primary) + 1);
	info = add(&request, IFLA_LINKINFO, "", 0);
	add(&request, IFLA_INFO_KIND, "netkit", sizeof("netkit"));
	data = add(&request, IFLA_INFO_DATA, "", 0);
	inner = add(&request, NETKIT_PEER_INFO, &none, sizeof(none));
	add(&request, IFLA_IFNAME, peer, strlen(peer) + 1);
	end(&request, inner);
	end(&request, data);
	end(&request, info);
	check(send(fd, &request, request.header.nlmsg_len, 0), "send");
	check(recv(fd, &answer, sizeof(answer), 0), "recv");
	if (answer.error.error) {
		errno = -answer.error.error;
		check(-1, "netkit");
	}
	close(fd);
}

static void set_up(const char *name, uint8_t network)
{
	struct ifreq request = {0};
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(0x0a090001U | (uint32_t)network << 8);
	check(ioctl(fd, SIOCSIFADDR, &request), "SIOCSIFADDR");
	address->sin_addr.s_addr = htonl(0xffffff00U);
	check(ioctl(fd, SIOCSIFNETMASK, &request), "SIOCSIFNETMASK");
	check(ioctl(fd, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
	request.ifr_flags |= IFF_UP;
	check(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
	close(fd);
}

static void send_by(const char *name)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a090909U)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1),
	      "SO_BINDTODEVICE");
	check(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)), "sendto");
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "create")) {
		create(argv[2], argv[3]);
		set_up(argv[2], 1);
		set_up(argv[3], 2);
	}
	for (int i = 2; argc > 2 && !strcmp(argv[1], "send") && i < argc; i++)
		send_by(argv[i]);
	return EXIT_SUCCESS;
}
