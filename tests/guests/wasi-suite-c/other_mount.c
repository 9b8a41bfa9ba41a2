// SPDX-License-Identifier: MIT
/* EXDEV and EBUSY: in the folder, "mount" is another file system, which holds "file" too. */
#include "suite.h"

static void suite(void)
{
	struct filestat here, there;

	new_file("file", "");
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("file"), &here));
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("mount/file"), &there));
	TRUE(here.dev != there.dev);
	CHECK(EXDEV, path_rename(DIR, P("file"), DIR, P("mount/new")));
	CHECK(EXDEV, path_rename(DIR, P("mount/file"), DIR, P("new")));
	CHECK(EXDEV, path_link(DIR, 0, P("file"), DIR, P("mount/new")));
	CHECK(EXDEV, path_link(DIR, 0, P("mount/file"), DIR, P("new")));
	CHECK(EBUSY, path_remove_directory(DIR, P("mount")));
	CHECK(EBUSY, path_rename(DIR, P("mount"), DIR, P("new")));
	MUST(path_create_directory(DIR, P("dir")));
	CHECK(EBUSY, path_rename(DIR, P("dir"), DIR, P("mount")));
	CHECK(SUCCESS, path_symlink(P("../file"), DIR, P("mount/link")));
	CHECK(SUCCESS, path_filestat_get(DIR, FOLLOW, P("mount/link"), &there));
	EQUAL(here.ino, there.ino);
	TRUE(!exists(DIR, "new") && !exists(DIR, "mount/new"));
}
