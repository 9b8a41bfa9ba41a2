// SPDX-License-Identifier: MIT
/* fd_readdir of a folder that changes, and of names that the host made: "long", 255 bytes, and
 * "\xff". */
#include "suite.h"

#define ENTRY sizeof(struct dirent)

static char buf[65536];
static uint32_t used;

/* The entries of one name in the buffer; all that are whole, for an empty one. */
static unsigned count(const char *name, size_t size)
{
	unsigned found = 0;

	for (uint32_t at = 0; at + ENTRY <= used;) {
		struct dirent entry;
		int same;

		memcpy(&entry, buf + at, ENTRY);
		if (at + ENTRY + entry.namlen > used)
			break;
		same = !size || entry.namlen == size;
		for (size_t i = 0; same && i < size; i++)
			same = buf[at + ENTRY + i] == name[i];
		found += (unsigned)same;
		at += ENTRY + entry.namlen;
	}
	return found;
}

static void touch(const char *name)
{
	fd_t fd = open_all(name, CREAT);

	MUST(fd_close(fd));
}

static void check_names(fd_t dir)
{
	char name[255];

	memset(name, 'l', sizeof(name));
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	EQUAL(1, count(name, sizeof(name)));
	/* Names are the bytes that they are, though none of UTF-8 cannot be given back as a path.
	 */
	EQUAL(1, count("\xff", 1));
	CHECK(EILSEQ, path_unlink_file(dir, P("\xff")));
	EQUAL(4, count("", 0));
	/* A long name takes more than one small buffer: it is cut, and comes whole into a larger
	 * one. */
	CHECK(SUCCESS, fd_readdir(dir, buf, 200, 0, &used));
	EQUAL(200, used);
}

/* Two descriptors of a folder each read it from the start; the start shows what is new. */
static void check_two(fd_t dir)
{
	fd_t other = open_all(".", DIR_ONLY);
	struct dirent first;

	touch("new");
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	EQUAL(5, count("", 0));
	EQUAL(1, count("new", 3));
	memcpy(&first, buf, ENTRY);
	MUST(path_unlink_file(DIR, P("new")));
	CHECK(SUCCESS, fd_readdir(other, buf, sizeof(buf), 0, &used));
	EQUAL(4, count("", 0));
	/* A descriptor by another number goes on where it was. */
	CHECK(SUCCESS, fd_renumber(dir, other));
	CHECK(SUCCESS, fd_readdir(other, buf, sizeof(buf), first.next, &used));
	EQUAL(3, count("", 0));
	EQUAL(0, count("new", 3));
}

/* A cookie is that of an entry, or 0; any other is an error or some place, and nothing else. */
static void check_cookies(fd_t dir)
{
	static const uint64_t made_up[] = {1, 2, 12345, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX};

	for (size_t i = 0; i < COUNT(made_up); i++) {
		CHECK_EITHER(SUCCESS, EINVAL, fd_readdir(dir, buf, sizeof(buf), made_up[i], &used));
		TRUE(used <= sizeof(buf));
	}
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	EQUAL(4, count("", 0));
}

/* While half of the names go, the other half come, each once. */
static void check_removing(void)
{
	char name[] = "dir/00";
	fd_t dir = new_dir("dir");
	uint64_t cookie = 0;
	unsigned kept = 0;

	for (int i = 0; i < 100; i++) {
		name[4] = (char)('0' + i / 10);
		name[5] = (char)('0' + i % 10);
		touch(name);
	}
	for (;;) {
		CHECK(SUCCESS, fd_readdir(dir, buf, 100, cookie, &used));
		for (uint32_t at = 0; at + ENTRY + 2 <= used;) {
			struct dirent entry;
			const char *found = buf + at + ENTRY;

			memcpy(&entry, buf + at, ENTRY);
			if (at + ENTRY + entry.namlen > used)
				break;
			cookie = entry.next;
			if (found[0] != '.') {
				/* Entries with odd numbers are removed once they were seen. */
				if ((found[1] - '0') % 2)
					MUST(path_unlink_file(dir, found, 2));
				else
					kept++;
			}
			at += ENTRY + entry.namlen;
		}
		if (used < 100)
			break;
	}
	EQUAL(50, kept);
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	EQUAL(52, count("", 0));
}

static void suite(void)
{
	fd_t dir = open_all(".", DIR_ONLY);

	check_names(dir);
	check_cookies(dir);
	check_two(dir);
	check_removing();
}
