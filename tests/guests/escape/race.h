/* SPDX-License-Identifier: MIT */
/*
 * Calls of a guest while the host swaps a folder for a symbolic link that leads out.
 *
 * In turn, with paths below PREFIX: opens its file `file` and reads it, creates and removes a file,
 * makes and removes a folder, renames, links, makes a symbolic link, looks at, sets times.
 */
#ifndef ESCAPE_RACE_H
#define ESCAPE_RACE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "wasi.h"

/* Start of the file inside, and of the one outside. */
#define INSIDE "inside"

struct race {
	int dir;
	char file[256], made[256], other[256];
	/* Calls that succeeded, calls that were refused, and contents that are not ours. */
	uint32_t done, refused, leaked;
};

static inline void count(struct race *race, int err)
{
	if (err)
		race->refused++;
	else
		race->done++;
}

static inline void read_file(struct race *race)
{
	char text[64] = "";
	struct raw_iovec iov = {text, sizeof(text) - 1};
	uint32_t size = 0;
	int32_t fd;
	int err = raw_path_open(race->dir, 1, race->file, strlen(race->file), 0, 2, 0, 0, &fd);

	count(race, err);
	if (err)
		return;
	if (!raw_fd_read(fd, &iov, 1, &size) && strncmp(text, INSIDE, strlen(INSIDE)))
		race->leaked++;
	raw_fd_close(fd);
}

static inline void make_file(struct race *race)
{
	/* It may be another name of the file. */
	struct raw_iovec iov = {INSIDE, strlen(INSIDE)};
	uint32_t size = 0;
	int32_t fd;
	/* Creates it, and truncates what is there. */
	int err =
	    raw_path_open(race->dir, 1, race->made, strlen(race->made), 1 | 8, 0x40, 0, 0, &fd);

	count(race, err);
	if (err)
		return;
	raw_fd_write(fd, &iov, 1, &size);
	raw_fd_close(fd);
}

static inline void look(struct race *race)
{
	struct raw_filestat stat = {0};
	int err = raw_path_filestat_get(race->dir, 1, race->file, strlen(race->file), &stat);

	count(race, err);
	/* The file outside is longer. */
	if (!err && stat.size != strlen(INSIDE))
		race->leaked++;
}

static inline void change(struct race *race, uint32_t round)
{
	const char *made = race->made, *other = race->other;
	const uint32_t size = strlen(made), other_size = strlen(other);
	int dir = race->dir;

	switch (round % 8) {
	case 0:
		return count(race, raw_path_create_directory(dir, made, size));
	case 1:
		return count(race, raw_path_remove_directory(dir, made, size));
	case 2:
		return count(race, raw_path_symlink("file", 4, dir, made, size));
	case 3:
		return count(race, raw_path_rename(dir, made, size, dir, other, other_size));
	case 4:
		return count(race, raw_path_unlink_file(dir, other, other_size));
	case 5:
		return count(
		    race, raw_path_link(dir, 0, race->file, strlen(race->file), dir, made, size));
	case 6:
		return count(race, raw_path_filestat_set_times(dir, 1, race->file,
							       strlen(race->file), 0, 1000, 5));
	default:
		return count(race, raw_path_unlink_file(dir, made, size));
	}
}

static inline int race(int dir, uint32_t rounds, const char *prefix, char *given, size_t room)
{
	struct race race = {.dir = dir};

	snprintf(race.file, sizeof(race.file), "%s/file", prefix);
	snprintf(race.made, sizeof(race.made), "%s/made", prefix);
	snprintf(race.other, sizeof(race.other), "%s/other", prefix);
	for (uint32_t round = 0; round < rounds; round++) {
		if (round % 4 == 0)
			read_file(&race);
		else if (round % 4 == 1)
			look(&race);
		else if (round % 4 == 2)
			change(&race, round / 4);
		else if (round % 64 == 63)
			make_file(&race);
		else
			read_file(&race);
	}
	snprintf(given, room, " done %u refused %u leaked %u", race.done, race.refused,
		 race.leaked);
	return 0;
}

#endif
