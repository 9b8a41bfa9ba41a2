/* SPDX-License-Identifier: MIT */
/* Files of this process in procfs, which no guest opens. */
#ifndef OWN_PROCESS_H
#define OWN_PROCESS_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * @brief Reports whether a guest may not use what was opened: it shows or changes this process.
 * @param info attributes of what was opened
 * @param writes true if it was opened for writing
 */
bool shim_is_hidden_file(int fd, const struct stat *info, bool writes);

#endif
