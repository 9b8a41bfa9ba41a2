// SPDX-License-Identifier: MIT
/* fd_readdir */
#include "suite.h"

#define MANY 700
#define ENTRY sizeof(struct dirent)

static int starts_with(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
}

static int is(const char *name, uint32_t size, const char *expected)
{
	return size == length(expected) && starts_with(name, expected);
}

/* "file.N", in a buffer that the next call takes again. */
static const char *numbered(unsigned number)
{
	static char name[] = "file.000";

	name[5] = (char)('0' + number / 100);
	name[6] = (char)('0' + number / 10 % 10);
	name[7] = (char)('0' + number % 10);
	return name;
}

static void check_empty(fd_t dir)
{
	struct filestat stat;
	char buf[512];
	uint32_t used = 0;
	int dots[2] = {0};

	MUST(fd_filestat_get(dir, &stat));
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	/* "If less than the size of the read buffer, the end of the directory has been reached". */
	EQUAL(2 * ENTRY + 3, used);
	for (uint32_t at = 0; at + ENTRY < used;) {
		struct dirent entry;

		memcpy(&entry, buf + at, ENTRY);
		EQUAL(DIRECTORY, entry.type);
		TRUE(entry.next != 0);
		if (is(buf + at + ENTRY, entry.namlen, ".")) {
			dots[0]++;
			TRUE(entry.ino == stat.ino || on_overlay());
		} else if (is(buf + at + ENTRY, entry.namlen, "..")) {
			dots[1]++;
		}
		at += ENTRY + entry.namlen;
	}
	EQUAL(1, dots[0]);
	EQUAL(1, dots[1]);
}

/* Types and inodes, as stat returns them. */
static void check_types(fd_t dir)
{
	static const struct {
		const char *name;
		uint8_t type;
	} expected[] = {{"a-file", REGULAR_FILE}, {"b-dir", DIRECTORY}, {"c-link", SYMBOLIC_LINK}};
	struct filestat stat;
	char buf[512];
	uint32_t used = 0;
	unsigned found = 0;
	fd_t fd;

	MUST(path_open(dir, 0, P("a-file"), CREAT, 0, 0, 0, &fd));
	MUST(path_create_directory(dir, P("b-dir")));
	MUST(path_symlink(P("a-file"), dir, P("c-link")));
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	for (uint32_t at = 0; at + ENTRY < used;) {
		struct dirent entry;

		memcpy(&entry, buf + at, ENTRY);
		for (size_t i = 0; i < COUNT(expected); i++) {
			const char *name = expected[i].name;

			if (!is(buf + at + ENTRY, entry.namlen, name))
				continue;
			found++;
			EQUAL(expected[i].type, entry.type);
			MUST(path_filestat_get(dir, 0, name, length(name), &stat));
			TRUE(entry.ino == stat.ino || on_overlay());
		}
		at += ENTRY + entry.namlen;
	}
	EQUAL(COUNT(expected), found);
	MUST(path_unlink_file(dir, P("a-file")));
	MUST(path_remove_directory(dir, P("b-dir")));
	MUST(path_unlink_file(dir, P("c-link")));
}

/* Reads all in pieces of `size` bytes, going on from each last whole entry: every name once. */
static void check_pieces(fd_t dir, uint32_t size)
{
	static char buf[65536];
	static uint8_t seen[MANY];
	uint64_t cookie = 0;
	unsigned names = 0, dots = 0;

	memset(seen, 0, sizeof(seen));
	for (int calls = 0;; calls++) {
		uint32_t used = 0, at = 0;

		if (calls > 2 * MANY) {
			TRUE(!"reading comes to an end");
			return;
		}
		if (!CHECK(SUCCESS, fd_readdir(dir, buf, size, cookie, &used)))
			return;
		TRUE(used <= size);
		while (at + ENTRY <= used) {
			struct dirent entry;
			const char *name = buf + at + ENTRY;

			memcpy(&entry, buf + at, ENTRY);
			if (at + ENTRY + entry.namlen > used)
				break;
			if (starts_with(name, "file.")) {
				unsigned number = (name[5] - '0') * 100u + (name[6] - '0') * 10u +
						  (unsigned)(name[7] - '0');

				seen[number]++;
				names++;
			} else {
				dots++;
			}
			cookie = entry.next;
			at += ENTRY + entry.namlen;
		}
		if (used < size)
			break;
	}
	EQUAL(MANY, names);
	EQUAL(2, dots);
	for (unsigned i = 0; i < MANY; i++)
		if (seen[i] != 1)
			EQUAL(1, seen[i]);
}

static void check_cookies(fd_t dir)
{
	static char all[65536], rest[65536];
	struct dirent first, second, again;
	uint32_t used, left;

	CHECK(SUCCESS, fd_readdir(dir, all, sizeof(all), 0, &used));
	memcpy(&first, all, ENTRY);
	memcpy(&second, all + ENTRY + first.namlen, ENTRY);
	/* From the first one's cookie on, the second is the first to come; 0 is the start again. */
	CHECK(SUCCESS, fd_readdir(dir, rest, sizeof(rest), first.next, &left));
	EQUAL(used - ENTRY - first.namlen, left);
	memcpy(&again, rest, ENTRY);
	EQUAL(second.ino, again.ino);
	EQUAL(second.next, again.next);
	CHECK(SUCCESS, fd_readdir(dir, rest, sizeof(rest), 0, &left));
	EQUAL(used, left);
}

/* From any entry to any other, backwards and in leaps: what was read last does not matter. */
static void check_leaps(fd_t dir)
{
	static struct dirent seen[100];
	struct dirent entry;
	uint64_t cookie = 0;
	char buf[64];
	uint32_t used;

	for (size_t i = 0; i < COUNT(seen); i++) {
		MUST(fd_readdir(dir, buf, sizeof(buf), cookie, &used));
		memcpy(&seen[i], buf, ENTRY);
		cookie = seen[i].next;
	}
	for (size_t i = COUNT(seen) - 1; i-- > 0;) {
		MUST(fd_readdir(dir, buf, sizeof(buf), seen[i].next, &used));
		memcpy(&entry, buf, ENTRY);
		EQUAL(seen[i + 1].ino, entry.ino);
	}
	for (size_t i = 0; i < COUNT(seen); i++) {
		size_t at = i * 37 % (COUNT(seen) - 1);

		MUST(fd_readdir(dir, buf, sizeof(buf), seen[at].next, &used));
		memcpy(&entry, buf, ENTRY);
		EQUAL(seen[at + 1].ino, entry.ino);
	}
}

/* A buffer that not even one entry fits in is filled: the size shows that there is more. */
static void check_tiny(fd_t dir)
{
	char whole[64], buf[64];
	uint32_t used = 9;

	CHECK(SUCCESS, fd_readdir(dir, whole, sizeof(whole), 0, &used));
	EQUAL(sizeof(whole), used);
	for (uint32_t size = 0; size <= ENTRY + 1; size++) {
		memset(buf, '?', sizeof(buf));
		CHECK(SUCCESS, fd_readdir(dir, buf, size, 0, &used));
		EQUAL(size, used);
		EQUAL('?', buf[size]);
	}
	SAME("????", buf + ENTRY + 1);
}

static void check_errors(fd_t dir)
{
	fd_t file = open_all("a-file", CREAT);
	char buf[64];
	uint32_t used;

	CHECK(EFAULT, fd_readdir(dir, BAD, 64, 0, &used));
	CHECK(EFAULT, fd_readdir(dir, PAST_END(64), 64, 0, &used));
	CHECK(EFAULT, fd_readdir(dir, buf, 64, 0, BAD));
	CHECK(EFAULT, fd_readdir(dir, buf, 0xffffffff, 0, &used));
	CHECK(EBADF, fd_readdir(NO_FD, buf, 64, 0, &used));
	CHECK(EBADF, fd_readdir(closed_fd(), buf, 64, 0, &used));
	/* A file never has the right. */
	CHECK_EITHER(ENOTDIR, ENOTCAPABLE, fd_readdir(file, buf, 64, 0, &used));
	CHECK_EITHER(ENOTDIR, ENOTCAPABLE, fd_readdir(0, buf, 64, 0, &used));
	CHECK(ENOTCAPABLE, fd_readdir(dir_without(R_FD_READDIR), buf, 64, 0, &used));
}

static void suite(void)
{
	fd_t dir = new_dir("dir");

	check_empty(dir);
	check_types(dir);
	for (unsigned i = 0; i < MANY; i++) {
		fd_t fd;

		MUST(path_open(dir, 0, numbered(i), 8, CREAT, 0, 0, 0, &fd));
		MUST(fd_close(fd));
	}
	check_pieces(dir, 65536);
	check_pieces(dir, 256);
	check_pieces(dir, 2 * ENTRY + 8);
	check_pieces(dir, ENTRY + 8);
	check_cookies(dir);
	check_leaps(dir);
	check_tiny(dir);
	check_errors(dir);
	/* Removed entries do not come again; new ones may, until the next start. */
	for (unsigned i = 0; i < MANY; i++)
		MUST(path_unlink_file(dir, numbered(i), 8));
	check_empty(dir);
}
