/* SPDX-License-Identifier: MIT */
/*
 * Numbers that programs written for Linux take for descriptors: of iterators, perf events, packet
 * sockets. None is one of WASI's; read() and close() of sdk/c/compat take them.
 */
#ifndef WASM_BPF_LIBBPF_DESCRIPTORS_H
#define WASM_BPF_LIBBPF_DESCRIPTORS_H

#include <stdlib.h>

#include "libbpf_common.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Above every descriptor of WASI's. */
#define LIBBPF_WASM_FIRST_DESCRIPTOR 0x40000000

enum libbpf_wasm_descriptor_kind {
	LIBBPF_WASM_ITERATOR = 1, /* one pass of an attached iterator, by its link */
	LIBBPF_WASM_PERF_EVENT,	  /* a target that is opened when a program is attached to it */
	LIBBPF_WASM_SOCKET,	  /* a packet socket, by its interface */
	LIBBPF_WASM_DIRECTORY,	  /* one of WASI's, whose path is remembered */
};

struct libbpf_wasm_descriptor {
	struct libbpf_wasm_descriptor *next;
	int fd;
	enum libbpf_wasm_descriptor_kind kind;
	int link;
	char text[]; /* a target, an interface or a path */
};

__attribute__((weak)) struct libbpf_wasm_descriptor *libbpf_wasm_descriptors;
__attribute__((weak)) int libbpf_wasm_last_descriptor = LIBBPF_WASM_FIRST_DESCRIPTOR;

/* One of a kind; with a number of its own when `fd` is negative. NULL without memory. */
static inline struct libbpf_wasm_descriptor *
libbpf_wasm_descriptor__new(enum libbpf_wasm_descriptor_kind kind, int fd, const char *text)
{
	const size_t length = strlen(text);
	struct libbpf_wasm_descriptor *made = LIBBPF_WASM_CAST(
	    struct libbpf_wasm_descriptor *, calloc(1, sizeof(*made) + length + 1));

	if (!made)
		return NULL;
	made->kind = kind;
	made->fd = fd < 0 ? libbpf_wasm_last_descriptor++ : fd;
	memcpy(made->text, text, length);
	made->next = libbpf_wasm_descriptors;
	libbpf_wasm_descriptors = made;
	return made;
}

/* Returns NULL with errno EBADF when the number is not a descriptor of the kind. */
static inline struct libbpf_wasm_descriptor *
libbpf_wasm_descriptor__find(int fd, enum libbpf_wasm_descriptor_kind kind)
{
	struct libbpf_wasm_descriptor *at = libbpf_wasm_descriptors;

	while (at && (at->fd != fd || at->kind != kind))
		at = at->next;
	if (!at)
		errno = EBADF;
	return at;
}

/* Forgets a number; false when it is not known here. */
static inline bool libbpf_wasm_descriptor__close(int fd)
{
	struct libbpf_wasm_descriptor **at = &libbpf_wasm_descriptors, *found;

	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	found = *at;
	if (!found)
		return false;
	*at = found->next;
	/* A socket's filter goes with it. */
	if (found->kind == LIBBPF_WASM_SOCKET && found->link > 0)
		wasm_bpf_link_detach(found->link);
	free(found);
	return true;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_DESCRIPTORS_H */
