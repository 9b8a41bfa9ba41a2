// SPDX-License-Identifier: MIT
/*
 * Runs the operations on standard input in a folder, by WASI or by Linux, and prints each
 * result: tests/wasi/differential_test.ts compiles this for both, and compares. A line is a
 * letter, the numbers of up to two paths, and three numbers more.
 *
 * By Linux the folder is the working one; by WASI it is the first that was given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 4
#define CHUNK 4096

/*
 * Names, the same through folders and links, and in ways that a path can be odd. None has "..",
 * which could lead out by a link: there the two are meant to differ.
 */
static const char *const paths[] = {
    "a",   "b",	    "c",   "d",	   "e",	    "l",	 "m",	    "d/a", "d/b",
    "d/d", "e/a",   "d/l", "l/a",  "a/",    "d/",	 "l/",	    "d//", "./a",
    "d/.", "d/./a", "",	   ".",	   "a/.",   "nothere/a", "a/a",	    "m/a", "e/",
    "m/",  "b/",    "l/.", "d/d/", "d/d/a", "d/d/b/",	 "l/l/l/a", ".//", "e/e/b",
};
static const char *const targets[] = {"a",  "d",  "d/a", "l",	"m", "nothere",
				      "d/", "a/", "./b", "d/d", "."};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Flags of open(). */
enum {
	OPEN_CREATE = 1,
	OPEN_DIRECTORY = 2,
	OPEN_EXCLUSIVE = 4,
	OPEN_TRUNCATE = 8,
	OPEN_READ = 16,
	OPEN_WRITE = 32,
	OPEN_APPEND = 64,
	OPEN_FOLLOW = 128
};

struct info {
	char type;
	unsigned long long size, links, seconds;
};

struct names {
	char text[4096];
	unsigned size, count;
};

static void add_name(struct names *names, const char *name, unsigned size)
{
	if (names->size + size + 1 > sizeof(names->text))
		exit(3);
	memcpy(names->text + names->size, name, size);
	names->text[names->size + size] = 0;
	names->size += size + 1;
	names->count++;
}

/* The backends: 0, or an errno; names of errnos are the same in both. */
static const char *errno_text(int err);
static int do_mkdir(const char *path);
static int do_rmdir(const char *path);
static int do_unlink(const char *path);
static int do_rename(const char *from, const char *to);
static int do_link(const char *from, const char *to, int follow);
static int do_symlink(const char *target, const char *path);
static int do_readlink(const char *path, char *buf, unsigned size, unsigned *used);
static int do_stat(const char *path, int follow, struct info *info);
static int do_open(const char *path, int how, int *fd);
/* The names, each with a NUL; `room` is for what reads them in pieces. */
static int do_list(const char *path, unsigned room, struct names *names);
static int do_set_time(const char *path, int follow, long long seconds);
static int do_fstat(int fd, struct info *info);
static int do_close(int fd);
static int do_read(int fd, void *buf, unsigned size, long long offset, unsigned *done);
static int do_write(int fd, const void *buf, unsigned size, long long offset, unsigned *done);
static int do_seek(int fd, long long offset, int whence, unsigned long long *at);
static int do_resize(int fd, long long size);
static int do_allocate(int fd, long long offset, long long size);

#ifdef __wasi__
#include "by_wasi.h"
#else
#include "by_linux.h"
#endif

static int slots[SLOTS];
static unsigned char bytes[CHUNK];

static unsigned checksum(unsigned size)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < size; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static void answer(int err)
{
	printf("%s", errno_text(err));
}

static void show(int err, const struct info *info)
{
	answer(err);
	if (err)
		return;
	/* The size of a folder is the file system's affair. */
	printf(" %c %llu %llu", info->type, info->type == 'd' ? 0 : info->size, info->links);
}

/* A file takes the slot; what else is opened is only looked at. */
static void open_slot(int slot, const char *path, int how)
{
	struct info info = {0};
	int fd = -1, err = do_open(path, how, &fd);

	if (!err)
		err = do_fstat(fd, &info);
	show(err, &info);
	if (info.type != 'f') {
		if (fd >= 0)
			do_close(fd);
		return;
	}
	if (slots[slot] >= 0)
		do_close(slots[slot]);
	slots[slot] = fd;
}

/* Reads, writes, seeks and sizes of a file that was opened. */
static void on_slot(char what, int slot, long long a, long long b)
{
	unsigned done = 0, size = (unsigned)(a < 0 ? -a : a) % CHUNK;
	unsigned long long at = 0;
	int err, fd = slots[slot];

	if (fd < 0) {
		printf("none");
		return;
	}
	if (what == 'R' || what == 'P') {
		memset(bytes, '?', size);
		err = do_read(fd, bytes, size, what == 'P' ? b : -1, &done);
		answer(err);
		printf(" %u %u", done, err ? 0 : checksum(done));
	} else if (what == 'W' || what == 'Q') {
		memset(bytes, (int)(b & 0xff), size);
		answer(do_write(fd, bytes, size, what == 'Q' ? b : -1, &done));
		printf(" %u", done);
	} else if (what == 'K') {
		answer(do_seek(fd, a, (int)(b % 3), &at));
		printf(" %llu", at);
	} else if (what == 'T') {
		answer(do_resize(fd, a));
	} else {
		answer(do_allocate(fd, a, b));
	}
}

static int by_text(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static void list(const char *path, unsigned room)
{
	static struct names names;
	static const char *sorted[sizeof(names.text)];
	const char *at = names.text;
	int err;

	names.size = names.count = 0;
	err = do_list(path, room, &names);
	answer(err);
	if (err)
		return;
	for (unsigned i = 0; i < names.count; i++, at += strlen(at) + 1)
		sorted[i] = at;
	qsort(sorted, names.count, sizeof(*sorted), by_text);
	for (unsigned i = 0; i < names.count; i++)
		printf(" %s", sorted[i]);
}

static void on_paths(char what, const char *one, const char *other, int number)
{
	char text[256];
	struct info info = {0};
	unsigned used = 0;

	switch (what) {
	case 'm':
		answer(do_mkdir(one));
		break;
	case 'r':
		answer(do_rmdir(one));
		break;
	case 'u':
		answer(do_unlink(one));
		break;
	case 'n':
		answer(do_rename(one, other));
		break;
	case 'k':
		answer(do_link(one, other, number & 1));
		break;
	case 's':
		answer(do_symlink(targets[number % COUNT(targets)], one));
		break;
	case 'g':
		list(one, 32 + (unsigned)number % 200);
		break;
	case 'y':
		answer(do_set_time(one, number & 1, 1000000 + number));
		answer(do_stat(one, 0, &info));
		printf(" %llu", info.seconds % 10000000 == info.seconds ? info.seconds : 0);
		break;
	case 'i':
		answer(do_readlink(one, text, sizeof(text), &used));
		printf(" %.*s", (int)used, text);
		break;
	default:
		show(do_stat(one, number & 1, &info), &info);
	}
}

int main(void)
{
	char what;
	int first, second, number;
	long long a, b;

	for (int i = 0; i < SLOTS; i++)
		slots[i] = -1;
	while (scanf(" %c %d %d %d %lld %lld", &what, &first, &second, &number, &a, &b) == 6) {
		const char *one = paths[first % COUNT(paths)],
			   *other = paths[second % COUNT(paths)];

		if (what == 'o')
			open_slot(number % SLOTS, one, (int)a);
		else if (what >= 'A' && what <= 'Z')
			on_slot(what, number % SLOTS, a, b);
		else
			on_paths(what, one, other, number);
		printf("\n");
	}
	return 0;
}
