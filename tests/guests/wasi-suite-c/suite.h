/* SPDX-License-Identifier: MIT */
/*
 * Frame of every module in the suite: `suite()` runs checks, each of which goes on after a
 * failure and prints the line, the call, the errno that was expected and the one that came. The
 * last line has the number of checks; without it a module has not come to its end.
 *
 * Freestanding, and alone in its module: each file of the suite includes this once.
 */
#pragma once
#include "wasi.h"

/* The first preopened folder: where tests start, with only the files of tests/wasi_suite.ts. */
#define DIR 3
/* A path as the two arguments it is passed in. */
#define P(text) (text), (sizeof(text) - 1)
/* A descriptor that is not open, and an address that no memory of a module reaches. */
#define NO_FD 1234
#define BAD ((void *)0xfffffff0)
/* An address so near to the end of memory that `size` bytes miss by one. */
#define PAST_END(size) ((void *)(memory_end() - (size) + 1))
/*
 * The errno of every path that leads out of the granted folders: "capabilities insufficient".
 * wasmtime returns EPERM; wasi-testsuite takes both.
 */
#define OUTSIDE ENOTCAPABLE
#define ALL_RIGHTS (((rights_t)1 << 30) - 1)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CHECK(expected, call) check_errno(AT, #call, expected, expected, call)
/* For errors that the specification leaves open, and hosts differ in. */
#define CHECK_EITHER(one, other, call) check_errno(AT, #call, one, other, call)
#define TRUE(condition) check_true(AT, #condition, (condition))
#define EQUAL(expected, value) check_equal(AT, #value, (uint64_t)(expected), (uint64_t)(value))
#define SAME(text, buf) check_bytes(AT, #buf, text, sizeof(text) - 1, buf)
/* Where a check stands. */
#define AT __FILE_NAME__, __LINE__
/* Precondition of the checks after it: a failure ends the module. */
#define MUST(call) (CHECK(SUCCESS, call) ? (void)0 : proc_exit(2))

static void suite(void);

static unsigned checks, failures;

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

static void print(const char *text)
{
	struct iovec part = {(void *)text, length(text)};
	uint32_t written;

	fd_write(1, &part, 1, &written);
}

static void print_number(uint64_t number)
{
	char digits[21];
	char *at = digits + sizeof(digits) - 1;

	*at = 0;
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	print(at);
}

#define TEXT(...) #__VA_ARGS__
#define TEXT_OF(...) TEXT(__VA_ARGS__)

static void print_errno(int number)
{
	static const char names[] = TEXT_OF(WASI_ERRNOS);
	static char name[32];
	size_t size = 0;
	const char *at = names;

	for (int i = 0; i < number && *at; at++)
		i += *at == ' ';
	while (at[size] && at[size] != ',' && size < sizeof(name) - 1) {
		name[size] = at[size];
		size++;
	}
	name[size] = 0;
	print(name);
}

static void fail(const char *file, int line, const char *what)
{
	failures++;
	print(file);
	print(":");
	print_number(line);
	print(": ");
	print(what);
}

__attribute__((unused)) static int check_errno(const char *file, int line, const char *call,
					       int one, int other, int got)
{
	checks++;
	if (got == one || got == other)
		return 1;
	fail(file, line, call);
	print(": expected ");
	print_errno(one);
	if (other != one) {
		print(" or ");
		print_errno(other);
	}
	print(", got ");
	print_errno(got);
	print(" (");
	print_number(got);
	print(")\n");
	return 0;
}

__attribute__((unused)) static int check_true(const char *file, int line, const char *condition,
					      int holds)
{
	checks++;
	if (holds)
		return 1;
	fail(file, line, condition);
	print(": does not hold\n");
	return 0;
}

__attribute__((unused)) static int check_equal(const char *file, int line, const char *what,
					       uint64_t expected, uint64_t got)
{
	checks++;
	if (got == expected)
		return 1;
	fail(file, line, what);
	print(": expected ");
	print_number(expected);
	print(", got ");
	print_number(got);
	print("\n");
	return 0;
}

__attribute__((unused)) static int check_bytes(const char *file, int line, const char *what,
					       const char *expected, size_t size, const void *got)
{
	checks++;
	for (size_t i = 0; i < size; i++) {
		if (((const char *)got)[i] == expected[i])
			continue;
		fail(file, line, what);
		print(": expected \"");
		print(expected);
		print("\", differs at ");
		print_number(i);
		print("\n");
		return 0;
	}
	return 1;
}

void *memset(void *to, int byte, size_t size)
{
	/* The loop must not become a call of itself. */
	volatile char *at = to;

	while (size--)
		*at++ = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
	volatile char *at = to;
	const char *source = from;

	while (size--)
		*at++ = *source++;
	return to;
}

__attribute__((unused)) static uintptr_t memory_end(void)
{
	return __builtin_wasm_memory_size(0) * 65536;
}

__attribute__((unused)) static struct fdstat fdstat_of(fd_t fd)
{
	struct fdstat stat = {0};

	MUST(fd_fdstat_get(fd, &stat));
	return stat;
}

/* Opens with every right that the folder may pass on, except those in `without`. */
__attribute__((unused)) static fd_t open_without(const char *name, uint32_t oflags,
						 uint32_t fdflags, rights_t without)
{
	struct fdstat stat = fdstat_of(DIR);
	rights_t base = stat.inheriting & ~without;
	fd_t fd = NO_FD;

	/* A folder cannot be opened to be written to. */
	if (oflags & DIR_ONLY)
		base &= stat.rights;
	MUST(path_open(DIR, 0, name, length(name), oflags, base, stat.inheriting & ~without,
		       fdflags, &fd));
	return fd;
}

__attribute__((unused)) static fd_t open_all(const char *name, uint32_t oflags)
{
	return open_without(name, oflags, 0, 0);
}

/* A new folder, open with every right. */
__attribute__((unused)) static fd_t new_dir(const char *name)
{
	MUST(path_create_directory(DIR, name, length(name)));
	return open_all(name, DIR_ONLY);
}

__attribute__((unused)) static void write_all(fd_t fd, const char *text)
{
	struct iovec part = {(void *)text, length(text)};
	uint32_t written = 0;

	MUST(fd_write(fd, &part, 1, &written));
	EQUAL(part.len, written);
}

/* A new file with that text. */
__attribute__((unused)) static void new_file(const char *name, const char *text)
{
	fd_t fd = open_all(name, CREAT | EXCL);

	write_all(fd, text);
	MUST(fd_close(fd));
}

__attribute__((unused)) static uint64_t tell(fd_t fd)
{
	uint64_t at = 0;

	MUST(fd_tell(fd, &at));
	return at;
}

__attribute__((unused)) static struct filestat stat_of(const char *name)
{
	struct filestat stat = {0};

	MUST(path_filestat_get(DIR, 0, name, length(name), &stat));
	return stat;
}

__attribute__((unused)) static uint64_t size_of(const char *name)
{
	return stat_of(name).size;
}

/* Returns 1 if the name exists, also as a dangling link. */
__attribute__((unused)) static int exists(fd_t dir, const char *name)
{
	char stat[64];

	return path_filestat_get(dir, 0, name, length(name), stat) != ENOENT;
}

/*
 * Returns 1 if the folder is on overlayfs, which the test passes as an argument: there an entry of
 * a folder has another number than its file, and a folder another device than its files.
 */
__attribute__((unused)) static int on_overlay(void)
{
	uint32_t count = 0, size;

	MUST(args_sizes_get(&count, &size));
	return count > 1;
}

/* Gives up rights of a descriptor and leaves it the others. */
__attribute__((unused)) static void drop_rights(fd_t fd, rights_t rights)
{
	struct fdstat stat = fdstat_of(fd);

	MUST(fd_fdstat_set_rights(fd, stat.rights & ~rights, stat.inheriting & ~rights));
}

/* A second descriptor of the preopened folder, without some rights. */
__attribute__((unused)) static fd_t dir_without(rights_t rights)
{
	fd_t fd = open_all(".", DIR_ONLY);

	drop_rights(fd, rights);
	return fd;
}

__attribute__((unused)) static fd_t closed_fd(void)
{
	fd_t fd = open_all(".", DIR_ONLY);

	MUST(fd_close(fd));
	return fd;
}

void _start(void)
{
	suite();
	print_number(checks);
	print(" checks, ");
	print_number(failures);
	print(" failed\n");
	proc_exit(failures > 0);
}
