/* SPDX-License-Identifier: MIT */
#include <gelf.h>
