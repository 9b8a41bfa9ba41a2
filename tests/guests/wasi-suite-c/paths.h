/* SPDX-License-Identifier: MIT */
/*
 * Paths that every `path_*` function has to treat alike. A test gives the call as a function of a
 * folder and a path; the path's last component exists, as a file named "file", except where
 * noted.
 */
#pragma once
#include "suite.h"

typedef int (*path_call)(fd_t dir, const char *path, uint32_t len);

#define AS(expected, call, dir, text) CHECK(expected, call(dir, P(text)))

/* Makes what check_paths() walks over. Linux has 40 links as the limit; these are more. */
static void make_paths(void)
{
	MUST(path_create_directory(DIR, P("way")));
	new_file("way/file", "x");
	MUST(path_symlink(P("way"), DIR, P("to-way")));
	MUST(path_symlink(P("loop-b"), DIR, P("loop-a")));
	MUST(path_symlink(P("loop-a"), DIR, P("loop-b")));
	MUST(path_symlink(P("nowhere"), DIR, P("dangling")));
	MUST(path_symlink(P("../outside"), DIR, P("out")));
	MUST(path_symlink(P(".."), DIR, P("up")));
}

/* Errors of a path before its last component is looked at. */
static void check_paths(path_call call)
{
	static char text[5000];
	fd_t file = open_all("way/file", 0);
	fd_t second = new_dir("folder-of-check-paths");

	/* Nothing outside: not by the root, nor by "..", nor through a link. */
	AS(OUTSIDE, call, DIR, "/way/file");
	AS(OUTSIDE, call, DIR, "/");
	AS(OUTSIDE, call, DIR, "../way/file");
	AS(OUTSIDE, call, DIR, "way/../../way/file");
	AS(OUTSIDE, call, DIR, "up/file");
	AS(OUTSIDE, call, DIR, "out/file");
	/* Also from a folder that was opened beneath. */
	AS(OUTSIDE, call, second, "../way/file");
	/* A file where the path needs a folder. */
	AS(ENOTDIR, call, DIR, "way/file/file");
	AS(ENOENT, call, DIR, "no/file");
	AS(ENOENT, call, DIR, "dangling/file");
	AS(ELOOP, call, DIR, "loop-a/file");
	AS(ENOENT, call, DIR, "");
	/* A name cannot have a NUL: the part before it must not be taken for the whole. */
	CHECK_EITHER(EINVAL, EILSEQ, call(DIR, P("way\0file")));
	CHECK_EITHER(EINVAL, EILSEQ, call(DIR, P("way/file\0")));
	/* `string` is UTF-8: a lone byte, one more than it takes, a surrogate, half of one. */
	AS(EILSEQ, call, DIR, "way\xff");
	AS(EILSEQ, call, DIR, "\xc0\xaf");
	AS(EILSEQ, call, DIR, "\xed\xa0\x80");
	AS(EILSEQ, call, DIR, "\xf0\x9f\x90");
	memset(text, 'n', sizeof(text));
	CHECK(ENAMETOOLONG, call(DIR, text, 256));
	CHECK(ENAMETOOLONG, call(DIR, text, sizeof(text)));
	for (size_t i = 1; i < sizeof(text); i += 2) {
		text[i - 1] = '.';
		text[i] = '/';
	}
	CHECK(ENAMETOOLONG, call(DIR, text, sizeof(text)));
	CHECK(EFAULT, call(DIR, BAD, 16));
	CHECK(EFAULT, call(DIR, BAD, 17));
	CHECK(EFAULT, call(DIR, PAST_END(8), 8));
	CHECK(EFAULT, call(DIR, text, 0xffffffff));
	CHECK(EBADF, call(NO_FD, P("file")));
	CHECK(EBADF, call(closed_fd(), P("file")));
	/* wasi-testsuite wants ENOTDIR of path_open() here, so does every other. */
	CHECK(ENOTDIR, call(file, P("file")));
	CHECK(ENOTDIR, call(file, P(".")));
	CHECK(ENOTDIR, call(0, P("file")));
	MUST(fd_close(file));
	MUST(fd_close(second));
	MUST(path_remove_directory(DIR, P("folder-of-check-paths")));
}
