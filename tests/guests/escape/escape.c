// SPDX-License-Identifier: MIT
/*
 * Tries to get out, by its arguments: each is one call.
 *
 *	escape COMMAND...
 *
 * A command is words with blanks between them; %XX in a word is a byte. Each prints a line:
 * WASI's errno, and what the call gave. `open` and `accept` keep their descriptor as $1, $2, … in
 * the order of the commands, whether or not they succeed.
 *
 *	open DIR PATH OFLAGS RIGHTS [INHERITING [FDFLAGS [LOOKUP]]]
 *	read FD, write FD TEXT, readdir FD, pread FD, pwrite FD TEXT
 *	mkdir|rmdir|unlink|readlink DIR PATH, stat|times DIR PATH LOOKUP, symlink TEXT DIR PATH
 *	link DIR PATH LOOKUP DIR PATH, rename DIR PATH DIR PATH
 *	fstat|ftimes|close|fdstat|prestat|accept|recv|send|shutdown FD, renumber FD FD
 *	rights FD BASE INHERITING, flags FD FLAGS, size FD SIZE, allocate FD SIZE, fds
 *	await DIR PATH: until it is there; environ; race DIR ROUNDS PREFIX: see race.h
 *
 * OFLAGS are letters (c creates, d directory, e exclusive, t truncates) or -; RIGHTS are r, w, d
 * (of a folder, to read), a (all), or a number in hexadecimal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race.h"
#include "wasi.h"

#define WORDS 10
#define OPENED 16
#define TEXT 8192

#define RIGHTS_ALL 0x1fffffffULL
#define RIGHTS_READ 0x200002ULL
#define RIGHTS_WRITE 0x40ULL
/* To open, list, read links and look in a folder, and to read what is in it. */
#define RIGHTS_FOLDER 0x24e002ULL

struct word {
	char text[TEXT];
	uint32_t size;
};

static struct word words[WORDS];
static int word_count;
static int opened[OPENED];
static int opened_count;

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void split(const char *command)
{
	memset(words, 0, sizeof(words));
	word_count = 0;
	while (*command && word_count < WORDS) {
		struct word *word = &words[word_count++];

		while (*command && *command != ' ') {
			char byte = *command++;

			if (byte == '%') {
				byte = (char)(hex_digit(command[0]) << 4 | hex_digit(command[1]));
				command += 2;
			}
			if (word->size < TEXT - 1)
				word->text[word->size++] = byte;
		}
		if (*command)
			command++;
	}
}

static int fd_at(int i)
{
	const char *text = words[i].text;
	int number = *text == '$' ? atoi(text + 1) : 0;

	if (number > opened_count)
		return -1;
	return number ? opened[number - 1] : atoi(text);
}

static uint64_t number_at(int i)
{
	return strtoull(words[i].text, NULL, 0);
}

static uint64_t rights_at(int i)
{
	switch (words[i].text[0]) {
	case 'd':
		return RIGHTS_FOLDER;
	case 'r':
		return RIGHTS_READ;
	case 'w':
		return RIGHTS_WRITE;
	case 'a':
		return RIGHTS_ALL;
	default:
		return strtoull(words[i].text, NULL, 16);
	}
}

static int oflags_at(int i)
{
	static const char letters[] = "cdet";
	int flags = 0;

	for (int bit = 0; bit < 4; bit++)
		flags |= strchr(words[i].text, letters[bit]) ? 1 << bit : 0;
	return flags;
}

static int is(const char *name)
{
	return !strcmp(words[0].text, name);
}

#define PATH(i) words[i].text, words[i].size

/* Value of a call, after its errno. */
static char given[TEXT];

static void give_bytes(const char *bytes, uint32_t size)
{
	snprintf(given, sizeof(given), " \"%.*s\"", (int)size, bytes);
}

static void give_filestat(const struct raw_filestat *stat)
{
	snprintf(given, sizeof(given), " type %d size %llu ino %llu", stat->type, stat->size,
		 stat->ino);
}

static int keep(int fd, int err)
{
	opened[opened_count++ % OPENED] = err ? -1 : fd;
	if (!err)
		snprintf(given, sizeof(given), " fd");
	return err;
}

static int path_command(void)
{
	struct raw_filestat stat;
	uint32_t size = 0;
	char text[TEXT];
	int32_t fd = -1;
	int err;

	if (is("open")) {
		err =
		    raw_path_open(fd_at(1), word_count > 7 ? (int)number_at(7) : 1, PATH(2),
				  oflags_at(3), rights_at(4), rights_at(5), (int)number_at(6), &fd);
		return keep(fd, err);
	}
	if (is("mkdir"))
		return raw_path_create_directory(fd_at(1), PATH(2));
	if (is("rmdir"))
		return raw_path_remove_directory(fd_at(1), PATH(2));
	if (is("unlink"))
		return raw_path_unlink_file(fd_at(1), PATH(2));
	if (is("symlink"))
		return raw_path_symlink(PATH(1), fd_at(2), PATH(3));
	if (is("link"))
		return raw_path_link(fd_at(1), (int)number_at(3), PATH(2), fd_at(4), PATH(5));
	if (is("rename"))
		return raw_path_rename(fd_at(1), PATH(2), fd_at(3), PATH(4));
	if (is("times"))
		return raw_path_filestat_set_times(fd_at(1), (int)number_at(3), PATH(2), 1000, 2000,
						   5);
	if (is("readlink")) {
		err = raw_path_readlink(fd_at(1), PATH(2), text, sizeof(text), &size);
		if (!err)
			give_bytes(text, size);
		return err;
	}
	if (is("stat")) {
		err = raw_path_filestat_get(fd_at(1), (int)number_at(3), PATH(2), &stat);
		if (!err)
			give_filestat(&stat);
		return err;
	}
	return -1;
}

static int list(int fd)
{
	char buf[4096];
	uint32_t used = 0;
	int err = raw_fd_readdir(fd, buf, sizeof(buf), 0, &used);
	size_t out = 0;

	if (err)
		return err;
	for (uint32_t at = 0; at + 24 <= used;) {
		uint32_t size;

		memcpy(&size, buf + at + 16, sizeof(size));
		out += (size_t)snprintf(given + out, sizeof(given) - out, " %.*s", (int)size,
					buf + at + 24);
		at += 24 + size;
	}
	return 0;
}

static int stream_command(void)
{
	char text[TEXT];
	struct raw_iovec in = {text, sizeof(text)};
	struct raw_iovec out = {words[2].text, words[2].size};
	uint32_t size = 0;
	uint16_t flags;
	int err;

	if (is("write"))
		return raw_fd_write(fd_at(1), &out, 1, &size);
	if (is("pwrite"))
		return raw_fd_pwrite(fd_at(1), &out, 1, 0, &size);
	if (is("send"))
		return raw_sock_send(fd_at(1), &out, 1, 0, &size);
	if (is("read"))
		err = raw_fd_read(fd_at(1), &in, 1, &size);
	else if (is("pread"))
		err = raw_fd_pread(fd_at(1), &in, 1, 0, &size);
	else if (is("recv"))
		err = raw_sock_recv(fd_at(1), &in, 1, 0, &size, &flags);
	else
		return -1;
	if (!err)
		give_bytes(text, size);
	return err;
}

static int fd_command(void)
{
	struct raw_filestat stat;
	struct raw_fdstat fdstat;
	int32_t fd = -1;
	char prestat[8];
	int err;

	if (is("close"))
		return raw_fd_close(fd_at(1));
	if (is("renumber"))
		return raw_fd_renumber(fd_at(1), fd_at(2));
	if (is("rights"))
		return raw_fd_fdstat_set_rights(fd_at(1), rights_at(2), rights_at(3));
	if (is("flags"))
		return raw_fd_fdstat_set_flags(fd_at(1), (int)number_at(2));
	if (is("size"))
		return raw_fd_filestat_set_size(fd_at(1), number_at(2));
	if (is("allocate"))
		return raw_fd_allocate(fd_at(1), 0, number_at(2));
	if (is("ftimes"))
		return raw_fd_filestat_set_times(fd_at(1), 1000, 2000, 5);
	if (is("prestat"))
		return raw_fd_prestat_get(fd_at(1), prestat);
	if (is("shutdown"))
		return raw_sock_shutdown(fd_at(1), 3);
	if (is("readdir"))
		return list(fd_at(1));
	if (is("accept")) {
		err = raw_sock_accept(fd_at(1), 0, &fd);
		return keep(fd, err);
	}
	if (is("fstat")) {
		err = raw_fd_filestat_get(fd_at(1), &stat);
		if (!err)
			give_filestat(&stat);
		return err;
	}
	if (is("fdstat")) {
		err = raw_fd_fdstat_get(fd_at(1), &fdstat);
		if (!err)
			snprintf(given, sizeof(given), " base %llx inheriting %llx", fdstat.base,
				 fdstat.inheriting);
		return err;
	}
	return -1;
}

/* Every open descriptor, up to where the host's own descriptors would be. */
static int list_fds(void)
{
	struct raw_fdstat stat;
	size_t out = 0;

	for (int fd = 0; fd < 1024; fd++)
		if (!raw_fd_fdstat_get(fd, &stat))
			out += (size_t)snprintf(given + out, sizeof(given) - out, " %d", fd);
	return 0;
}

static int environment(void)
{
	extern char **environ;
	size_t out = 0;

	for (char **at = environ; *at; at++)
		out += (size_t)snprintf(given + out, sizeof(given) - out, " %s", *at);
	return 0;
}

static int await(void)
{
	struct raw_filestat stat;
	int err;

	/* Some seconds at most. */
	for (int i = 0; i < 10000000; i++) {
		err = raw_path_filestat_get(fd_at(1), 0, PATH(2), &stat);
		if (!err)
			return 0;
	}
	return err;
}

static int run(void)
{
	int err;

	if (is("await"))
		return await();

	if (is("fds"))
		return list_fds();
	if (is("environ"))
		return environment();
	if (is("race"))
		return race(fd_at(1), (uint32_t)number_at(2), words[3].text, given, sizeof(given));
	err = path_command();
	if (err < 0)
		err = stream_command();
	if (err < 0)
		err = fd_command();
	return err;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int err;

		given[0] = '\0';
		split(argv[i]);
		err = run();
		if (err < 0) {
			printf("unknown command %s\n", argv[i]);
			return 2;
		}
		printf("%d%s\n", err, given);
		/* The test may wait for it. */
		fflush(stdout);
	}
	return 0;
}
