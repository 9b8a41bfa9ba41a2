import assert from "node:assert/strict";
import {
  ALL_RIGHTS,
  CHANGING_RIGHTS,
  DIRECTORY_RIGHTS,
  FILE_RIGHTS,
  Right,
  rightsOf,
  SOCKET_RIGHTS,
} from "./rights.ts";

/** `rights` of the specification, in its order, which gives the bits. */
const SPECIFICATION = `fd_datasync fd_read fd_seek fd_fdstat_set_flags fd_sync fd_tell fd_write
  fd_advise fd_allocate path_create_directory path_create_file path_link_source path_link_target
  path_open fd_readdir path_readlink path_rename_source path_rename_target path_filestat_get
  path_filestat_set_size path_filestat_set_times fd_filestat_get fd_filestat_set_size
  fd_filestat_set_times path_symlink path_remove_directory path_unlink_file poll_fd_readwrite
  sock_shutdown sock_accept`.split(/\s+/);

Deno.test("Right has the specification's names and bits", () => {
  const ours = Object.entries(Right).map(([name, bit]) => [
    name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
    bit,
  ]);
  assert.deepEqual(ours, SPECIFICATION.map((name, bit) => [name, 1 << bit]));
});

Deno.test("each right applies to a directory, a file or a socket", () => {
  assert.equal(DIRECTORY_RIGHTS | FILE_RIGHTS | SOCKET_RIGHTS, ALL_RIGHTS);
});

Deno.test("a directory neither seeks nor reads, and a file has no paths", () => {
  assert.equal(DIRECTORY_RIGHTS & (Right.FdSeek | Right.FdRead | Right.FdWrite), 0);
  assert.equal(FILE_RIGHTS & (Right.PathOpen | Right.FdReaddir | Right.SockAccept), 0);
});

Deno.test("what changes nothing is left to a folder that may only be read", () => {
  const names = Object.entries(Right)
    .filter(([, bit]) => (bit & DIRECTORY_RIGHTS & ~CHANGING_RIGHTS) !== 0)
    .map(([name]) => name);
  assert.deepEqual(names, [
    ...["FdDatasync", "FdFdstatSetFlags", "FdSync", "PathOpen", "FdReaddir", "PathReadlink"],
    ...["PathFilestatGet", "FdFilestatGet"],
  ]);
});

Deno.test("rightsOf() drops unknown bits", () => {
  assert.equal(rightsOf(-1n), ALL_RIGHTS);
  assert.equal(rightsOf(1n << 40n | 2n), Right.FdRead);
});
