/* SPDX-License-Identifier: MIT */
/* Identities of files, by which rules know what was opened. */
#ifndef LIBBPF_SHIM_FILE_IDENTITY_H
#define LIBBPF_SHIM_FILE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/* Longer build ids are not made: SHA-1 has 20 bytes. */
#define MAX_BUILD_ID 64

/* A file as it was when it was looked up. */
struct file_identity {
	bool is_known;
	dev_t device;
	ino_t inode;
	struct timespec changed;
	uint8_t build_id[MAX_BUILD_ID];
	size_t build_id_size;
};

/* The identity of an open file; with its build id if `is_elf`. */
struct file_identity file_identify(int fd, bool is_elf);

bool file_is_same(const struct file_identity *one, const struct file_identity *other);

/* Content that was changed in place since it was looked up is not what was allowed. */
bool file_is_unchanged(const struct file_identity *one, const struct file_identity *other);

/* Overlayfs gives one file two inodes; a copy has the same build id. */
bool file_has_same_build(const struct file_identity *one, const struct file_identity *other);

/*
 * Opens a regular file for reading without waiting; opening a device or pipe can have effects. With
 * `same`, only the file of its device and inode. Returns a descriptor, or a negative errno:
 * -ENOEXEC for other kinds, -ESTALE for another file.
 */
int file_open_regular(const char *path, const struct stat *same);

#endif
