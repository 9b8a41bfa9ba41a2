// SPDX-License-Identifier: MIT
/* Identities of files, and their opening by them: two descriptors of one file, and files that were
 * built as one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_identity.h"
#include "probe.h"

/* The build id among the notes of a file's segments. */
static void read_build_id(int fd, struct file_identity *identity)
{
	struct shim_elf file;
	size_t count;

	if (shim_elf__open(fd, &file))
		return;
	if (elf_getphdrnum(file.elf, &count))
		count = 0;
	for (size_t i = 0; i < count && !identity->build_id_size; i++) {
		GElf_Phdr segment;
		size_t at = 0, next, name, description;
		GElf_Nhdr note;
		Elf_Data *data;

		if (!gelf_getphdr(file.elf, (int)i, &segment) || segment.p_type != PT_NOTE ||
		    segment.p_filesz > 65536)
			continue;
		data = elf_getdata_rawchunk(file.elf, (int64_t)segment.p_offset, segment.p_filesz,
					    ELF_T_NHDR);
		while (data && (next = gelf_getnote(data, at, &note, &name, &description))) {
			at = next;
			if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
			    memcmp((char *)data->d_buf + name, "GNU", 4) || !note.n_descsz ||
			    note.n_descsz > MAX_BUILD_ID)
				continue;
			memcpy(identity->build_id, (char *)data->d_buf + description,
			       note.n_descsz);
			identity->build_id_size = note.n_descsz;
			break;
		}
	}
	shim_elf__close(&file);
}

struct file_identity file_identify(int fd, bool is_elf)
{
	struct file_identity identity = {0};
	struct stat status;

	if (fstat(fd, &status))
		return identity;
	identity.is_known = true;
	identity.device = status.st_dev;
	identity.inode = status.st_ino;
	identity.changed = status.st_ctim;
	if (is_elf)
		read_build_id(fd, &identity);
	return identity;
}

bool file_is_same(const struct file_identity *one, const struct file_identity *other)
{
	return one->is_known && other->is_known && one->device == other->device &&
	       one->inode == other->inode;
}

bool file_is_unchanged(const struct file_identity *one, const struct file_identity *other)
{
	return file_is_same(one, other) && one->changed.tv_sec == other->changed.tv_sec &&
	       one->changed.tv_nsec == other->changed.tv_nsec;
}

bool file_has_same_build(const struct file_identity *one, const struct file_identity *other)
{
	return one->build_id_size && one->build_id_size == other->build_id_size &&
	       !memcmp(one->build_id, other->build_id, one->build_id_size);
}

int file_open_regular(const char *path, const struct stat *same)
{
	int place = open(path, O_PATH | O_CLOEXEC);
	char link[48];
	struct stat facts;
	int fd;

	if (place < 0)
		return -errno;
	if (fstat(place, &facts))
		fd = -errno;
	else if (!S_ISREG(facts.st_mode))
		fd = -ENOEXEC;
	else if (same && (facts.st_ino != same->st_ino || facts.st_dev != same->st_dev))
		fd = -ESTALE;
	else {
		/* The broker's descriptors are not those of the process's first thread. */
		snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", place);
		fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	close(place);
	return fd;
}
