// SPDX-License-Identifier: MIT
/*
 * Names of kernel functions by their type ids, from the BTF that the kernel itself uses.
 *
 * libbpf's reader makes an index of everything, which takes 6 ms and belongs to one object; this
 * keeps the functions' names alone, for the length of one load and only where one is called.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <linux/magic.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "permissions.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"
/* Debian's is 5 MB; a bound for what is read into memory. */
#define TYPES_SIZE_MAX (256U << 20)

/* Mark of names that are not a function's: typedefs and structures. Strings are shorter. */
#define OTHER (1U << 31)

/* Names of one BTF: ids from `first` on, string offsets from `strings_first` on. */
struct functions {
	char *bytes;
	const char *strings;
	uint32_t strings_first;
	uint32_t strings_size;
	/* By id - first: offset of the name, with OTHER for what is not a function; 0 for none. */
	uint32_t *names;
	uint32_t first;
	uint32_t count;
};

static _Thread_local struct functions kernel;

static void forget(struct functions *functions)
{
	free(functions->bytes);
	free(functions->names);
	*functions = (struct functions){0};
}

void kernel_functions_forget(void)
{
	forget(&kernel);
}

/* Bytes after a type's first three words; below 0 for a kind that is not known. */
static int64_t rest_of(const struct btf_type *type)
{
	/* Bits 16 to 23 are zero in what has 16 bits of them. */
	const int64_t members = type->info & 0xffffff;

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return 12 * members;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * members;
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	default:
		return -1;
	}
}

static uint32_t name_of(const struct btf_type *type)
{
	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_FUNC:
		return type->name_off;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_STRUCT:
		return type->name_off ? type->name_off | OTHER : 0;
	default:
		return 0;
	}
}

/* Walks the types twice: to count them, then to keep the functions' names. */
static int list_names(struct functions *functions, const char *types, uint32_t size)
{
	for (int pass = 0; pass < 2; pass++) {
		uint32_t count = 0;

		for (uint64_t at = 0; at + sizeof(struct btf_type) <= size; count++) {
			const struct btf_type *type = (const void *)(types + at);
			const int64_t rest = rest_of(type);

			/* Later ids cannot be counted, and stay without names. */
			if (rest < 0)
				break;
			if (pass)
				functions->names[count] = name_of(type);
			at += sizeof(*type) + (uint64_t)rest;
		}
		if (pass)
			break;
		functions->count = count;
		functions->names = calloc(count ? count : 1, sizeof(*functions->names));
		if (!functions->names)
			return -ENOMEM;
	}
	return 0;
}

/* Takes over `bytes`, also when it fails. */
static int read_functions(struct functions *functions, char *bytes, uint32_t size,
			  const struct functions *base)
{
	const struct btf_header *header = (const void *)bytes;
	int err = -EINVAL;

	*functions = (struct functions){.bytes = bytes, .first = 1};
	if (base) {
		functions->first = base->first + base->count;
		functions->strings_first = base->strings_size;
	}
	if (size >= sizeof(*header) && header->magic == BTF_MAGIC) {
		const uint64_t types = (uint64_t)header->hdr_len + header->type_off;
		const uint64_t strings = (uint64_t)header->hdr_len + header->str_off;

		if (types % 4 == 0 && types + header->type_len <= size && header->str_len &&
		    strings + header->str_len <= size && !bytes[strings + header->str_len - 1]) {
			functions->strings = bytes + strings;
			functions->strings_size = header->str_len;
			err = list_names(functions, bytes + types, header->type_len);
		}
	}
	if (err)
		forget(functions);
	return err;
}

/* Reads the kernel's own types, unless another file system is mounted there. */
static char *read_sysfs(uint32_t *size)
{
	struct statfs system;
	struct stat file;
	char *bytes = NULL;
	size_t done = 0;
	int fd = open(KERNEL_TYPES, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (!fstatfs(fd, &system) && system.f_type == SYSFS_MAGIC && !fstat(fd, &file) &&
	    file.st_size > 0 && file.st_size <= TYPES_SIZE_MAX)
		bytes = malloc((size_t)file.st_size);
	while (bytes && done < (size_t)file.st_size) {
		ssize_t got = read(fd, bytes + done, (size_t)file.st_size - done);

		if (got <= 0) {
			free(bytes);
			bytes = NULL;
		} else {
			done += (size_t)got;
		}
	}
	close(fd);
	*size = (uint32_t)done;
	return bytes;
}

/* The bytes of a BTF that is the kernel's or a module's; `name` gets its name. */
static char *read_descriptor(int fd, uint32_t *size, char name[64])
{
	struct bpf_btf_info info = {0};
	uint32_t length = sizeof(info);
	char *bytes;

	if (bpf_btf_get_info_by_fd(fd, &info, &length) || !info.kernel_btf ||
	    info.btf_size > TYPES_SIZE_MAX)
		return NULL;
	*size = info.btf_size;
	bytes = malloc(*size ? *size : 1);
	if (!bytes)
		return NULL;
	info = (struct bpf_btf_info){
	    .btf = (uintptr_t)bytes, .btf_size = *size, .name = (uintptr_t)name, .name_len = 64};
	length = sizeof(info);
	if (bpf_btf_get_info_by_fd(fd, &info, &length) || info.btf_size != *size) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

/* For where sysfs is hidden; needs CAP_SYS_ADMIN. */
static char *read_by_id(uint32_t *size)
{
	uint32_t id = 0;

	while (!bpf_btf_get_next_id(id, &id)) {
		char name[64] = "";
		int fd = bpf_btf_get_fd_by_id(id);
		char *bytes = fd < 0 ? NULL : read_descriptor(fd, size, name);

		if (fd >= 0)
			close(fd);
		if (bytes && !strcmp(name, "vmlinux"))
			return bytes;
		free(bytes);
	}
	return NULL;
}

static int read_kernel(void)
{
	uint32_t size = 0;
	char *bytes;

	if (kernel.bytes)
		return 0;
	bytes = read_sysfs(&size);
	if (!bytes)
		bytes = read_by_id(&size);
	return bytes ? read_functions(&kernel, bytes, size, NULL) : -ENOENT;
}

static int find(const struct functions *functions, int32_t id, bool takes_others,
		char name[FUNCTION_NAME_SIZE])
{
	const uint32_t at = (uint32_t)id - functions->first;
	uint32_t offset;
	size_t length;

	if (id <= 0 || (uint32_t)id < functions->first || at >= functions->count ||
	    !functions->names[at])
		return -ENOENT;
	offset = functions->names[at];
	if (offset & OTHER && !takes_others)
		return -ENOENT;
	offset &= ~OTHER;
	/* A module's functions may have names among the kernel's strings. */
	if (offset < functions->strings_first)
		functions = &kernel;
	offset -= functions->strings_first;
	if (offset >= functions->strings_size)
		return -ENOENT;
	length = strlen(functions->strings + offset);
	if (!length || length >= FUNCTION_NAME_SIZE)
		return -ENOENT;
	memcpy(name, functions->strings + offset, length + 1);
	return 0;
}

/* By the descriptor of a module's BTF. */
static int find_by_descriptor(int32_t id, int fd, bool takes_others, char name[FUNCTION_NAME_SIZE])
{
	struct functions functions;
	char owner[64] = "";
	uint32_t size = 0;
	char *bytes = read_descriptor(fd, &size, owner);
	int err;

	if (!bytes)
		return -ENOENT;
	/* Otherwise the kernel looks the id up in the module. */
	if (!strcmp(owner, "vmlinux")) {
		free(bytes);
		return takes_others ? find(&kernel, id, true, name) : -ENOENT;
	}
	err = read_functions(&functions, bytes, size, &kernel);
	if (err)
		return err;
	/* The kernel's own types are part of a module's. */
	err = find((uint32_t)id < functions.first ? &kernel : &functions, id, takes_others, name);
	forget(&functions);
	return err;
}

int kernel_functions_name(int32_t id, int16_t module, const int *fds, char name[FUNCTION_NAME_SIZE])
{
	int err = read_kernel();

	if (err)
		return err;
	if (!module)
		return find(&kernel, id, false, name);
	/* libbpf's list has no length: what lies past it is not looked at. */
	if (module < 0 || !fds || (size_t)module >= malloc_usable_size((void *)fds) / sizeof(*fds))
		return -ENOENT;
	return find_by_descriptor(id, fds[module], false, name);
}

int kernel_types_name(uint32_t object, int32_t id, char name[FUNCTION_NAME_SIZE])
{
	int err = read_kernel(), fd;

	if (err || !object)
		return err ? err : find(&kernel, id, true, name);
	fd = bpf_btf_get_fd_by_id(object);
	if (fd < 0)
		return -errno;
	err = find_by_descriptor(id, fd, true, name);
	close(fd);
	return err;
}
