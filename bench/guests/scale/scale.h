/* SPDX-License-Identifier: MIT */
/* Sizes that the guest, its native twin and the benchmark share. */
#ifndef SCALE_H
#define SCALE_H

/* Bytes of a value of 8 for each of 512 processors, which is as much as a kernel's usual limit. */
#define WIDEST 4096
/* Operations in a row whose time is measured. */
#define OPERATIONS 20000
#define POLLS 2000

#endif
