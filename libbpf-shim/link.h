/* SPDX-License-Identifier: MIT */
/* Links: what an attachment is made of. */
#ifndef LIBBPF_SHIM_LINK_H
#define LIBBPF_SHIM_LINK_H

#include <stdint.h>

struct bpf_link;
struct shim_link;

/* Everything here goes with its descriptor, so a killed process leaves nothing attached. */
struct shim_link {
	/* libbpf's own, one for each CPU of a perf event, else one or none. */
	struct bpf_link **links;
	uint32_t count;
	/* A link or socket that libbpf knows nothing of, or -1. */
	int fd;
};

/* A link of its own with room for `count` links of libbpf's, or NULL. */
struct shim_link *shim_link_new(uint32_t count);

/* Takes over one link of libbpf's, or NULL with its errno. 0 or -errno. */
int shim_link_wrap(struct bpf_link *made, struct shim_link **out);

/* Takes over a descriptor, or a negative errno. 0 or -errno. */
int shim_link_wrap_fd(int fd, struct shim_link **out);

#endif
