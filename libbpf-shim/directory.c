// SPDX-License-Identifier: MIT
/*
 * The entries of a directory. A block of them is kept, so that a guest with a small buffer gets
 * each once while names come and go: going back to where one was is safe on every file system, to
 * where one would have been is not.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "internal.h"

/* A guest may have thousands open. */
#define BLOCK_SIZE 8192

/* `dirent` of WASI; the name follows. */
struct guest_dirent {
	uint64_t next;
	uint64_t ino;
	uint32_t name_size;
	uint8_t type;
	uint8_t padding[3];
};

struct shim_directory {
	int fd;
	/* Cookies of the block's first entry, and of the entry at `at`. */
	uint64_t block_cookie;
	uint64_t cookie;
	size_t at;
	size_t size;
	uint8_t block[BLOCK_SIZE] __attribute__((aligned(8)));
};

int32_t shim_directory__open(int32_t fd, struct shim_directory **out)
{
	struct shim_directory *directory = malloc(sizeof(*directory));
	int err;

	if (!directory)
		return -ENOMEM;
	err = shim_owned_add(directory, free);
	if (err) {
		free(directory);
		return err;
	}
	directory->fd = fd;
	directory->block_cookie = directory->cookie = 0;
	directory->at = directory->size = 0;
	*out = directory;
	return 0;
}

void shim_directory__free(struct shim_directory *directory)
{
	if (!directory)
		return;
	shim_owned_remove(directory);
	free(directory);
}

static struct dirent64 *entry_at(struct shim_directory *directory)
{
	return (struct dirent64 *)(directory->block + directory->at);
}

/* Reports whether the entry that begins with `cookie` is in the block; then it is the next one. */
static bool find_in_block(struct shim_directory *directory, uint64_t cookie)
{
	/* From the start everything is read anew. */
	if (!cookie || !directory->size)
		return false;
	if (directory->cookie == cookie)
		return true;
	directory->at = 0;
	directory->cookie = directory->block_cookie;
	while (directory->cookie != cookie) {
		struct dirent64 *entry = entry_at(directory);

		if (directory->at == directory->size)
			return false;
		directory->at += entry->d_reclen;
		directory->cookie = (uint64_t)entry->d_off;
	}
	return true;
}

/* Reads the block that begins at the descriptor's offset. 1, 0 at the end, or -errno. */
static int read_block(struct shim_directory *directory)
{
	long got = syscall(SYS_getdents64, directory->fd, directory->block, BLOCK_SIZE);

	directory->block_cookie = directory->cookie;
	directory->at = 0;
	directory->size = got > 0 ? (size_t)got : 0;
	/* A directory that has been removed has no entries (POSIX, readdir). */
	if (got < 0 && errno != ENOENT)
		return -errno;
	return got > 0;
}

static int seek_to(struct shim_directory *directory, uint64_t cookie)
{
	directory->size = directory->at = 0;
	if (lseek(directory->fd, (off_t)cookie, SEEK_SET) < 0)
		return -errno;
	directory->cookie = cookie;
	return 0;
}

static uint8_t guest_type(uint8_t type)
{
	switch (type) {
	case DT_BLK:
		return 1;
	case DT_CHR:
		return 2;
	case DT_DIR:
		return 3;
	case DT_REG:
		return 4;
	case DT_SOCK:
		return 6;
	case DT_LNK:
		return 7;
	default:
		return 0;
	}
}

/* Some file systems leave the entry's type out. */
static uint8_t type_of(struct shim_directory *directory, const struct dirent64 *entry)
{
	struct stat info;

	if (entry->d_type != DT_UNKNOWN)
		return guest_type(entry->d_type);
	/* The parent may be outside what the guest was given. */
	if (!strcmp(entry->d_name, "..") || !strcmp(entry->d_name, "."))
		return guest_type(DT_DIR);
	if (fstatat(directory->fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
		return 0;
	return guest_type(IFTODT(info.st_mode));
}

/* As much as fits; the number of bytes. */
static size_t put_entry(struct shim_directory *directory, const struct dirent64 *entry,
			uint8_t *out, size_t room)
{
	struct guest_dirent header = {
	    .next = (uint64_t)entry->d_off,
	    /* The parent may be outside the granted directory: hide its inode number. */
	    .ino = strcmp(entry->d_name, "..") ? entry->d_ino : 0,
	    .name_size = (uint32_t)strlen(entry->d_name),
	};
	size_t name_room = room > sizeof(header) ? room - sizeof(header) : 0;
	size_t name_size = header.name_size < name_room ? header.name_size : name_room;

	header.type = type_of(directory, entry);
	memcpy(out, &header, room < sizeof(header) ? room : sizeof(header));
	if (!name_room)
		return room < sizeof(header) ? room : sizeof(header);
	memcpy(out + sizeof(header), entry->d_name, name_size);
	return sizeof(header) + name_size;
}

int64_t shim_directory__read(struct shim_directory *directory, struct shim_memory *memory,
			     uint32_t buf, uint32_t size, uint64_t cookie)
{
	uint8_t *out = shim_memory_at(memory, buf, size);
	size_t used = 0;

	if (!out)
		return -EFAULT;
	if (!find_in_block(directory, cookie)) {
		int err = seek_to(directory, cookie);

		if (err)
			return err;
	}
	while (used < size) {
		struct dirent64 *entry;
		size_t whole, written;

		if (directory->at == directory->size) {
			int more = read_block(directory);

			/* Less than there is room for would be the end. */
			if (more < 0)
				return more;
			if (!more)
				break;
		}
		entry = entry_at(directory);
		whole = sizeof(struct guest_dirent) + strlen(entry->d_name);
		written = put_entry(directory, entry, out + used, size - used);
		used += written;
		/* One that is cut off comes again. */
		if (written < whole)
			break;
		directory->at += entry->d_reclen;
		directory->cookie = (uint64_t)entry->d_off;
	}
	return (int64_t)used;
}
