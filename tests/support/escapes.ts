/**
 * Attempts to get out, as commands of `tests/guests/escape` and what each must print. HOST represents the
 * tree of `escape_tree.ts`; descriptor 3 is its `rw`, 4 its `ro`.
 */

/** One attempt. */
export interface Escape {
  readonly name: string;
  /** A command, and its output: WASI's errno, or the value. */
  readonly does: readonly (readonly [command: string, answer: string])[];
}

const OUT = "ENOTCAPABLE";
const OK = "SUCCESS";
const FD = "SUCCESS fd";
const LONG = "a".repeat(5000);
const LONG_NAME = "n".repeat(256);

/** Attempts of one command; what is opened to read is read, so that it shows where it leads. */
function each(...attempts: (readonly [name: string, command: string, answer: string])[]): Escape[] {
  return attempts.map(([name, command, answer]) => {
    const more = !/^open .* [rd]( |$)/.test(command) || answer === FD
      ? []
      : [[/ d d?$/.test(command) ? "readdir $1" : "read $1", "EBADF"] as const];
    return { name, does: [[command, answer], ...more] };
  });
}

const ABSOLUTE = each(
  ["open an absolute path", "open 3 /etc/passwd - r", OUT],
  ["open the root", "open 3 / d d", OUT],
  ["open the grant itself by an absolute path", "open 3 HOST/rw/file - r", OUT],
  ["open with many slashes before it", "open 3 ////etc/passwd - r", OUT],
  ["look at an absolute path", "stat 3 HOST/outside/file 1", OUT],
  ["set the times of an absolute path", "times 3 HOST/outside/file 1", OUT],
  ["read a link by an absolute path", "readlink 3 HOST/outside/link", OUT],
  ["make a folder by an absolute path", "mkdir 3 HOST/outside/new", OUT],
  ["remove a folder by an absolute path", "rmdir 3 HOST/outside/empty", OUT],
  ["remove a file by an absolute path", "unlink 3 HOST/outside/file", OUT],
  ["make a link by an absolute path", "symlink x 3 HOST/outside/new", OUT],
  ["link from an absolute path", "link 3 HOST/outside/file 0 3 stolen", OUT],
  ["link to an absolute path", "link 3 file 0 3 HOST/outside/new", OUT],
  ["move from an absolute path", "rename 3 HOST/outside/file 3 stolen", OUT],
  ["move to an absolute path", "rename 3 file 3 HOST/outside/new", OUT],
  ["create by an absolute path", "open 3 HOST/outside/new c w", OUT],
);

const PARENTS = each(
  ["open ..", "open 3 .. d d", OUT],
  ["open below ..", "open 3 ../outside/file - r", OUT],
  ["open the grant itself through ..", "open 3 ../rw/file - r", OUT],
  ["open through a folder and two ..", "open 3 dir/../../outside/file - r", OUT],
  ["open through . and ..", "open 3 ./../outside/file - r", OUT],
  ["open with double slashes", "open 3 dir//..//..//outside//file - r", OUT],
  ["open from two deep", "open 3 dir/deep/../../../outside/file - r", OUT],
  ["open with more .. than there are folders", `open 3 ${"../".repeat(40)}etc/passwd - r`, OUT],
  ["open .. of what is not there", "open 3 nothing/../../outside/file - r", "ENOENT"],
  ["open .. of a file", "open 3 file/../../outside/file - r", "ENOTDIR"],
  ["open with backslashes", "open 3 ..\\outside\\file - r", "ENOENT"],
  ["look at ..", "stat 3 ../outside/file 1", OUT],
  ["set the times below ..", "times 3 ../outside/file 1", OUT],
  ["set the times of ..", "times 3 .. 1", OUT],
  ["read a link below ..", "readlink 3 ../outside/link", OUT],
  ["make a folder below ..", "mkdir 3 ../outside/new", OUT],
  ["remove a folder below ..", "rmdir 3 ../outside/empty", OUT],
  ["remove a file below ..", "unlink 3 ../outside/file", OUT],
  ["make a link below ..", "symlink x 3 ../outside/new", OUT],
  ["link from below ..", "link 3 ../outside/file 0 3 stolen", OUT],
  ["link to below ..", "link 3 file 0 3 ../outside/new", OUT],
  ["move from below ..", "rename 3 ../outside/file 3 stolen", OUT],
  ["move to below ..", "rename 3 file 3 ../outside/new", OUT],
  ["create below ..", "open 3 ../outside/new c w", OUT],
  ["truncate below ..", "open 3 ../outside/file t w", OUT],
  ["list ..", "open 3 dir/../.. d d", OUT],
);

const LINKS = each(
  ["open an absolute link", "open 3 abs - r", OUT],
  ["open a relative link", "open 3 up - r", OUT],
  ["open below a linked folder", "open 3 updir/file - r", OUT],
  ["open below an absolutely linked folder", "open 3 absdir/file - r", OUT],
  ["open a chain of links", "open 3 chain1 - r", OUT],
  ["open a loop of links", "open 3 loop1 - r", "ELOOP"],
  ["open a link to itself", "open 3 self - r", "ELOOP"],
  ["open below a loop of links", "open 3 loop1/file - r", "ELOOP"],
  ["open a link that goes in and out", "open 3 in-and-out - r", OUT],
  ["open a link to the root", "open 3 root d d", OUT],
  ["open below a link to the root", "open 3 root/etc/passwd - r", OUT],
  ["open a link to /proc/self/root", "open 3 proc-root/etc/passwd - r", OUT],
  ["open a link with a slash after it", "open 3 updir/ d d", OUT],
  ["open a link without following it", "open 3 up - r 0 0 0", "ELOOP"],
  ["create through a dangling link", "open 3 dangling c w", OUT],
  ["create through a dangling link, exclusively", "open 3 dangling ce w", "EEXIST"],
  ["truncate through a link", "open 3 up t w", OUT],
  ["look through a link", "stat 3 up 1", OUT],
  ["look below a linked folder", "stat 3 updir/file 0", OUT],
  ["set times through a link", "times 3 up 1", OUT],
  ["set times below a linked folder", "times 3 updir/file 0", OUT],
  ["read a link below a linked folder", "readlink 3 updir/link", OUT],
  ["make a folder below a linked one", "mkdir 3 updir/new", OUT],
  ["make a folder where a dangling link is", "mkdir 3 dangling/", "EEXIST"],
  ["remove a folder below a linked one", "rmdir 3 updir/empty", OUT],
  ["remove a linked folder", "rmdir 3 updir/", "ENOTDIR"],
  ["remove a file below a linked folder", "unlink 3 updir/file", OUT],
  ["make a link below a linked folder", "symlink x 3 updir/new", OUT],
  ["link from below a linked folder", "link 3 updir/file 0 3 stolen", OUT],
  ["link to below a linked folder", "link 3 file 0 3 updir/new", OUT],
  ["link to what a link leads to", "link 3 up 1 3 stolen", OUT],
  ["move from below a linked folder", "rename 3 updir/file 3 stolen", OUT],
  ["move to below a linked folder", "rename 3 file 3 updir/new", OUT],
  ["move to a linked folder with a slash", "rename 3 dir 3 updir/", "ENOTDIR"],
  ["make an absolute link", "symlink /etc/passwd 3 mine", OUT],
);

const OWN_LINKS: Escape[] = [
  {
    name: "follow a link of its own",
    does: [["symlink ../outside/file 3 mine", OK], ["open 3 mine - r", OUT], ["read $1", "EBADF"]],
  },
  {
    name: "write through a link of its own",
    does: [["symlink ../outside/new 3 mine", OK], ["open 3 mine c w", OUT]],
  },
  {
    name: "follow links of its own, step by step",
    does: [
      ["symlink .. 3 dir/parent", OK],
      ["symlink dir/parent/.. 3 grand", OK],
      ["open 3 grand/outside/file - r", OUT],
      ["read $1", "EBADF"],
    ],
  },
  {
    name: "move a link to where it leads out",
    does: [["rename 3 dir/back 3 back", OK], ["open 3 back - r", OUT], ["read $1", "EBADF"]],
  },
  {
    name: "link a link to where it leads out",
    does: [["link 3 dir/back 0 3 back", OK], ["open 3 back - r", OUT], ["read $1", "EBADF"]],
  },
  {
    name: "swap a folder of its own for a link while it is open",
    does: [
      ["open 3 dir d d d", FD],
      ["rename 3 dir 3 was", OK],
      ["symlink ../outside 3 dir", OK],
      ["open $1 file - r", FD],
      ["read $2", `SUCCESS "inside"`],
      ["open 3 dir/file - r", OUT],
      ["read $3", "EBADF"],
    ],
  },
  {
    name: "look at a link itself",
    does: [["readlink 3 up", `SUCCESS "../outside/file"`], ["open 3 good - r", FD]],
  },
];

const READ_ONLY: Escape[] = [
  ...each(
    ["write to a file of a read-only grant", "open 4 file - w", OUT],
    ["read and write it", "open 4 file - 42", OUT],
    ["create in it", "open 4 new c w", OUT],
    ["create in it with rights to read", "open 4 new c r", OUT],
    ["truncate in it with rights to read", "open 4 file t r", OUT],
    ["make a folder in it", "mkdir 4 new", OUT],
    ["remove a folder in it", "rmdir 4 empty", OUT],
    ["remove a file in it", "unlink 4 file", OUT],
    ["make a link in it", "symlink x 4 new", OUT],
    ["link in it", "link 4 file 0 4 new", OUT],
    ["move in it", "rename 4 file 4 new", OUT],
    ["set times in it", "times 4 file 1", OUT],
    ["set its own times", "times 4 . 1", OUT],
    ["set its descriptor's times", "ftimes 4", OUT],
    ["link out of it", "link 4 file 0 3 stolen", OUT],
    ["link into it", "link 3 file 0 4 given", OUT],
    ["move out of it", "rename 4 file 3 stolen", OUT],
    ["move into it", "rename 3 file 4 given", OUT],
    ["move a folder out of it", "rename 4 dir 3 stolen", OUT],
    ["give it more rights", "rights 4 a a", OUT],
  ),
  {
    name: "change a file that is open to read",
    does: [
      ["open 4 file - r", FD],
      ["write $1 x", OUT],
      ["pwrite $1 x", OUT],
      ["size $1 0", OUT],
      ["allocate $1 100", OUT],
      ["ftimes $1", OUT],
      ["rights $1 a a", OUT],
      ["rights $1 w 0", OUT],
    ],
  },
  {
    name: "change through a folder of a read-only grant",
    does: [
      ["open 4 dir d d d", FD],
      ["open $1 file - w", OUT],
      ["open $1 new c w", OUT],
      ["mkdir $1 new", OUT],
      ["unlink $1 file", OUT],
      ["rename $1 file 3 stolen", OUT],
      ["rights $1 a a", OUT],
    ],
  },
  {
    name: "inherit more than the folder has",
    does: [
      ["open 4 dir d d a", FD],
      ["open $2 file - w", "EBADF"],
      ["open $1 deep d d a", FD],
      ["open $3 file - w", OUT],
      ["mkdir $3 new", OUT],
    ],
  },
  {
    name: "a link from the writable grant into the read-only one",
    does: [["symlink ../ro/file 3 mine", OK], ["open 3 mine - w", OUT]],
  },
];

const DESCRIPTORS: Escape[] = [
  {
    name: "leave a folder by its own descriptor",
    does: [
      ["open 3 dir d d d", FD],
      ["open $1 ../file - r", OUT],
      ["open $1 ../../outside/file - r", OUT],
      ["read $3", "EBADF"],
      ["open $1 deep/../../file - r", OUT],
      ["open $1 back - r", OUT],
    ],
  },
  {
    name: "put a folder in the place of a grant",
    does: [
      ["open 3 dir d d d", FD],
      ["renumber $1 3", OK],
      ["open 3 ../file - r", OUT],
      ["open 3 file - r", FD],
    ],
  },
  {
    name: "put the read-only grant in the place of the writable one",
    does: [["renumber 4 3", OK], ["open 3 new c w", OUT], ["open 4 file - r", "EBADF"]],
  },
  {
    name: "use a closed grant",
    does: [
      ["close 3", OK],
      ["open 3 file - r", "EBADF"],
      ["stat 3 file 1", "EBADF"],
      ["mkdir 3 new", "EBADF"],
      ["prestat 3", "EBADF"],
      ["close 3", "EBADF"],
      ["renumber 3 4", "EBADF"],
      ["open 4 file - r", FD],
    ],
  },
  {
    name: "take rights back that were given up",
    does: [
      ["rights 3 0 0", OK],
      ["open 3 file - r", OUT],
      ["rights 3 a a", OUT],
      ["open 3 file - r", OUT],
    ],
  },
  {
    name: "paths at descriptors other than folders",
    does: [
      ["open 0 file - r", "ENOTDIR"],
      ["open 1 /etc/passwd - r", "ENOTDIR"],
      ["mkdir 2 new", "ENOTDIR"],
      ["open 3 file - r", FD],
      ["open $3 ../outside/file - r", "ENOTDIR"],
      ["stat $3 x 1", "ENOTDIR"],
      ["readdir $3", "ENOTDIR"],
    ],
  },
  {
    name: "descriptors of the process",
    does: [
      ["fds", "SUCCESS 0 1 2 3 4"],
      ["open -1 file - r", "EBADF"],
      ["open -100 /etc/passwd - r", "EBADF"],
      ["open 5 file - r", "EBADF"],
      ["read 9", "EBADF"],
      ["write 2147483647 x", "EBADF"],
      ["renumber 10 3", "EBADF"],
      ["renumber 3 10", "EBADF"],
      ["open 3 file - r", FD],
    ],
  },
  {
    name: "socket calls on other descriptors",
    does: [
      ["accept 3", "ENOTSOCK"],
      ["accept 1", "ENOTSOCK"],
      ["recv 0", "ENOTSOCK"],
      ["send 1 x", "ENOTSOCK"],
      ["shutdown 2", "ENOTSOCK"],
      ["accept 7", "EBADF"],
    ],
  },
  {
    name: "a folder that is removed while it is open",
    does: [
      ["mkdir 3 gone", OK],
      ["open 3 gone d d d", FD],
      ["rmdir 3 gone", OK],
      ["open $1 .. d d", OUT],
      ["open $1 ../../outside/file - r", OUT],
      ["open $1 new c r", OUT],
    ],
  },
  {
    name: "a folder that is moved while it is open",
    does: [
      ["open 3 dir/deep d d d", FD],
      ["rename 3 dir/deep 3 moved", OK],
      ["open $1 ../file - r", OUT],
      ["open $1 ../../outside/file - r", OUT],
      ["open $1 file - r", FD],
    ],
  },
];

const NAMES: Escape[] = [
  ...each(
    ["a NUL in a path", "open 3 file%00/../../outside/file - r", "EINVAL"],
    ["a NUL after ..", "open 3 ..%00 d d", "EINVAL"],
    ["a NUL in a new name", "mkdir 3 new%00x", "EINVAL"],
    ["a NUL in a link's text", "symlink x%00y 3 new", "EINVAL"],
    ["a path that is not UTF-8", "open 3 %ff%fe c w", "EILSEQ"],
    ["an overlong slash", "open 3 ..%c0%afoutside%c0%affile - r", "EILSEQ"],
    ["a surrogate", "mkdir 3 %ed%a0%80", "EILSEQ"],
    ["a path of 5000 bytes", `open 3 ${LONG} - r`, "ENAMETOOLONG"],
    ["a path of 5000 bytes that leads out", `open 3 ../${LONG} - r`, "ENAMETOOLONG"],
    ["a name of 256 bytes", `open 3 ${LONG_NAME} c w`, "ENAMETOOLONG"],
    ["an empty path", "open 3  - r", "ENOENT"],
    ["an empty path to look at", "stat 3  1", "ENOENT"],
    ["an empty new name", "mkdir 3 ", "ENOENT"],
    ["a file with a slash after it", "open 3 file/ - r", "ENOTDIR"],
    ["a new file with a slash after it", "open 3 new/ c w", "EISDIR"],
    ["a file with a dot after it", "open 3 file/. - r", "ENOTDIR"],
  ),
];

const ITSELF = each(
  ["remove the grant itself", "rmdir 3 .", "EINVAL"],
  ["remove the grant itself through ..", "rmdir 3 dir/..", "ENOTEMPTY"],
  ["remove the grant itself as a file", "unlink 3 .", "EISDIR"],
  ["move the grant itself", "rename 3 . 3 new", "EBUSY"],
  ["move the grant itself through ..", "rename 3 dir/.. 3 new", "EBUSY"],
  ["move something over the grant itself", "rename 3 dir 3 dir/..", "EBUSY"],
  ["move a folder into itself", "rename 3 dir 3 dir/deep/dir", "EINVAL"],
  ["link a folder", "link 3 dir 0 3 new", "EPERM"],
  ["make the grant itself", "mkdir 3 .", "EEXIST"],
  ["open the grant's own name through a link", "open 3 dir/../good-dir/../.. d d", OUT],
);

const SPECIAL = each(
  ["wait for a FIFO's writer", "open 3 fifo - r", FD],
  ["wait for a FIFO's reader", "open 3 fifo - w", "ENXIO"],
);

/** By what they try. */
export const ESCAPES: Readonly<Record<string, readonly Escape[]>> = {
  "an absolute path": ABSOLUTE,
  "..": PARENTS,
  "a symbolic link": LINKS,
  "a symbolic link of its own": OWN_LINKS,
  "a read-only grant": READ_ONLY,
  "a descriptor": DESCRIPTORS,
  "a name": NAMES,
  "the grant itself": ITSELF,
  "a special file": SPECIAL,
};
