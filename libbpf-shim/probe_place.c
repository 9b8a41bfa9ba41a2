// SPDX-License-Identifier: MIT
/*
 * Places that a guest's probes may go to.
 *
 * The kernel writes a breakpoint at an offset in a file, for each process that has the file mapped,
 * and checks only that an instruction could start there. Inside an instruction, that rewrites an
 * operand: code of other processes is changed, and this process's as well.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instruction_length.h"
#include "probe.h"

/* Compilers make functions of a few kilobytes; generated interpreters reach one megabyte. */
#define MAX_FUNCTION_SIZE ((uint64_t)16 << 20)

/* Bytes at each end of two files that are compared. */
#define COMPARED_BYTES 4096

static int32_t last_refusal;

int shim_probe_refuse(int32_t refusal, int error)
{
	last_refusal = refusal;
	return error;
}

int32_t shim_probe__refusal(void)
{
	const int32_t refusal = last_refusal;

	last_refusal = SHIM_REFUSED_NOTHING;
	return refusal;
}

/* ---- binaries -------------------------------------------------------------------------------- */

static bool has_same_bytes(int one, int other, off_t offset)
{
	char bytes[2][COMPARED_BYTES];
	const ssize_t size = pread(one, bytes[0], COMPARED_BYTES, offset);

	return size > 0 && pread(other, bytes[1], COMPARED_BYTES, offset) == size &&
	       !memcmp(bytes[0], bytes[1], (size_t)size);
}

/*
 * Reports whether the file is the one that this process runs. On overlayfs a file has another
 * device and inode than the same file in the layer below, in which the kernel puts the probe; so
 * what looks like a copy counts as well.
 */
static bool is_own_executable(int fd, const struct stat *status)
{
	const int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat own_status;
	bool is_same;

	/* Without /proc no binary could be opened, either. */
	if (own < 0)
		return true;
	if (fstat(own, &own_status)) {
		close(own);
		return true;
	}
	is_same = own_status.st_dev == status->st_dev && own_status.st_ino == status->st_ino;
	if (!is_same && own_status.st_size == status->st_size) {
		const off_t end = status->st_size - COMPARED_BYTES;

		is_same = has_same_bytes(own, fd, 0) && has_same_bytes(own, fd, end > 0 ? end : 0);
	}
	close(own);
	return is_same;
}

int shim_probe_check_binary(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	/* No process can be started from it, and what has it mapped keeps it to itself. */
	if (!status.st_nlink)
		return shim_probe_refuse(SHIM_REFUSED_NAMELESS, -EPERM);
	if (is_own_executable(fd, &status))
		return shim_probe_refuse(SHIM_REFUSED_OWN_EXECUTABLE, -EPERM);
	return 0;
}

/* ---- offsets --------------------------------------------------------------------------------- */

/* Enough for an instruction of x86-64, whatever is left of the function. */
#define LONGEST_INSTRUCTION 15

/* Walks to `offset`, or past it. 0 or -EINVAL. */
static int walk(const uint8_t *code, uint64_t size, uint64_t offset)
{
	uint64_t at = 0;

	while (at < offset) {
		const int length = shim_instruction_length(code + at, size - at);

		if (!length)
			return shim_probe_refuse(SHIM_REFUSED_UNKNOWN_INSTRUCTION, -EINVAL);
		at += (uint64_t)length;
	}
	if (at > offset)
		return shim_probe_refuse(SHIM_REFUSED_INSIDE_INSTRUCTION, -EINVAL);
	/* Data between functions, and padding, can follow the last instruction. */
	if (!shim_instruction_length(code + at, size - at))
		return shim_probe_refuse(SHIM_REFUSED_UNKNOWN_INSTRUCTION, -EINVAL);
	return 0;
}

static int check_x86(const struct shim_elf *file, const struct shim_function *function,
		     uint64_t offset)
{
	uint64_t size = offset + LONGEST_INSTRUCTION;
	uint8_t *code;
	int err;

	/* Lengths of 32-bit code are others. */
	if (file->header.e_machine != EM_X86_64)
		return shim_probe_refuse(SHIM_REFUSED_UNKNOWN_INSTRUCTION, -EINVAL);
	if (size > function->size)
		size = function->size;
	code = malloc(size);
	if (!code)
		return -ENOMEM;
	if (pread(file->fd, code, size, (off_t)function->offset) == (ssize_t)size)
		err = walk(code, size, offset);
	else
		err = shim_probe_refuse(SHIM_REFUSED_OUTSIDE_FUNCTION, -EINVAL);
	free(code);
	return err;
}

int shim_probe_check_offset(const struct shim_elf *file, const struct shim_function *function,
			    uint64_t offset)
{
	if (!offset)
		return 0;
	if (offset >= function->size || offset > MAX_FUNCTION_SIZE ||
	    !shim_elf__is_code(file, function->offset + offset))
		return shim_probe_refuse(SHIM_REFUSED_OUTSIDE_FUNCTION, -EINVAL);
#if defined(__x86_64__)
	return check_x86(file, function, offset);
#else
	(void)check_x86;
	if ((function->offset | offset) % sizeof(uint32_t))
		return shim_probe_refuse(SHIM_REFUSED_INSIDE_INSTRUCTION, -EINVAL);
	return 0;
#endif
}

bool shim_probe_is_no_op(const struct shim_elf *file, uint64_t offset)
{
#if defined(__x86_64__)
	uint8_t code[LONGEST_INSTRUCTION];
	size_t at = 0;

	if (pread(file->fd, code, sizeof(code), (off_t)offset) != sizeof(code))
		return false;
	if (code[0] == 0x90)
		return true;
	/* The long ones: 0F 1F /0 with prefixes for the operand's size. */
	while (at < sizeof(code) - 3 && code[at] == 0x66)
		at++;
	return code[at] == 0x0f && code[at + 1] == 0x1f && !(code[at + 2] >> 3 & 7);
#else
	uint32_t code;

	return !(offset % sizeof(code)) &&
	       pread(file->fd, &code, sizeof(code), (off_t)offset) == sizeof(code) &&
	       code == 0xd503201f;
#endif
}
