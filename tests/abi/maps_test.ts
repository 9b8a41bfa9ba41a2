import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { type CliResult, guestPath, runCli } from "../support/cli.ts";

const GUEST = guestPath("maps");

/** Runs one sub-command of `tests/guests/maps`. */
function maps(...args: string[]): Promise<CliResult> {
  return runCli([GUEST, ...args]);
}

/** Asserts the output of a sub-command, exit code 0, and no message of the host. */
function prints(title: string, name: string, ...expected: string[]): void {
  Deno.test(title, async () => {
    const { code, stdout, stderr } = await maps(name);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.equal(stdout, expected.map((line) => `${line}\n`).join(""));
  });
}

prints(
  "a hash accepts ANY, NOEXIST and EXIST, rejects other flags, and is full at its size",
  "hash",
  "none -2 new 0 10 again -17 replace 0 12 any 0 flags -22 lock -22 full -7 count 4 delete 0 -2 count 3",
);
prints(
  "iterating while elements are deleted sees each once when the next key is read first",
  "iterate",
  "deleted after it: some twice 1 ahead of it: steps 1000 twice 0 left 667",
);
prints(
  "F_LOCK updates and looks up under the value's lock, which is not returned",
  "lock",
  "update 0 lookup 0 lock 0 values 5 6",
);
prints(
  "an array has all its elements, which cannot be created or deleted",
  "array",
  "count 4 zero 0 set 0 7 beyond -7 -2 new -17 delete -22",
);
prints(
  "per-CPU maps copy every CPU's value, and nothing past them",
  "per-cpu",
  "per_cpu_hash 0 lru_per_cpu 0 per_cpu_array 0 wrong 0 counted 1 delete 0 -22",
);
Deno.test("an LRU hash evicts its oldest elements", async () => {
  // Each CPU has a list of its own: a guest that is moved leaves its newest elements in another.
  const { code, stdout, stderr } = await runCli([GUEST, "lru"], {
    through: ["taskset", "-c", "0"],
  });
  const expected = { code: 0, stdout: "failed 0 some 1 newest 999 oldest -2\n", stderr: "" };
  assert.deepEqual({ code, stdout, stderr }, expected);
});
prints(
  "an LPM trie finds the longest prefix",
  "trie",
  "update 0 0 longest 0 24 shorter 0 8 none -2 bits -22 count 2 delete 0 -2 count 1",
);
prints(
  "a queue returns the oldest first",
  "queue",
  "queue empty -2 push 0 push 0 push -7 over 0 peek 0 2 pop 0 2 pop 0 4 pop -2 0 delete -22 next -22",
);
prints(
  "a stack returns the newest first",
  "stack",
  "stack empty -2 push 0 push 0 push -7 over 0 peek 0 4 pop 0 4 pop 0 2 pop -2 0 delete -22 next -22",
);
prints(
  "a bloom filter reports which values are not in it",
  "bloom",
  "in 0 few others 1 delete -95",
);
prints(
  "a stack trace map returns the frames of an ID",
  "stack-trace",
  "lookup 0 kernel 1 count 1 next -2 update -22 delete 0 -2",
);
prints(
  "maps of maps store and return tokens, and programs see the change",
  "maps-of-maps",
  "empty -2 given 1 set 0 lookup 1 hash 0 a 2 b 2 swap 0 a 4 b 2 lookup 0 1 count 1 delete 0 0 a 4",
);
prints(
  "maps of maps accept no descriptor of the host, and return no map of a closed object",
  "foreign-maps",
  "refused 106 itself -22 hash -22 program -9 other 0 1 close 0 stale -116 token -9 end -14",
);
prints(
  "maps of devices and CPUs accept a program's token next to the number",
  "redirects",
  "devices set 0 lookup 0 1 program 1 none 0 lookup 0 0 foreign -9 delete 0 -2",
  "device_hash set 0 lookup 0 1 program 1 none 0 lookup 0 0 foreign -9 delete 0 -2",
  "cpus set 0 lookup 0 1 program 1 none 0 lookup 0 0 foreign -9 delete 0 -2",
  "plain 0 1",
);
prints(
  "task storage accepts a PID as its key",
  "task-storage",
  "lookup 0 2 update 0 lookup 0 41 other -2 nobody -3 negative -22 delete 0 -2 next -95 end -14 -14",
);

Deno.test("a program array stores and returns tokens of programs, which tail calls use", async () => {
  const { code, stdout } = await maps("program-array");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "empty -2 set 0 lookup 1 calls 1 replace 0 calls 101 delete 0 again -2 calls 101 map -9 type -22 " +
      "beyond -7 name 1\n",
  );
});

Deno.test("values that a guest cannot name are refused with one error a map, and keys are readable", async () => {
  const { code, stdout, stderr } = await maps("refused");
  assert.equal(code, 0);
  const none = (name: string) => `${name} update -95 lookup -95 delete -95 next -95 batch -95`;
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "cgroups update -95 lookup -95 delete -2 next 0 batch -95",
    "sockets update -95 lookup -2 delete -22 next 0 batch -95",
    "socket_hash update -95 lookup -2 delete -2 next -2 batch -95",
    "xsks update -95 lookup -95 delete 0 next 0 batch -95",
    "reuseport update -95 lookup -2 delete -2 next 0 batch -95",
    ...["socket_storage", "inode_storage", "cgroup_storage"].map(none),
    ...["perf", "ring", "user_ring", "arena"].map(none),
  ]);
  assert.equal(stderr.match(/^error: Cannot operate on map "\w+": .+$/gm)?.length, 12);
});

Deno.test("storage of an attached cgroup program is looked up and updated", async () => {
  const before = await bpfState();
  const { code, stdout, stderr } = await maps("old-cgroup-storage", await cgroupRoot());
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(
    stdout,
    "before -2 key 0 attach type 1 update 0 lookup 0 1 per cpu 0 1 delete -22\n",
  );
  await untilNothingAdded(before);
});

/** Returns the mount point of cgroup2. */
async function cgroupRoot(): Promise<string> {
  const mounts = await Deno.readTextFile("/proc/mounts");
  const path = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  assert.ok(path, "cgroup2 is not mounted");
  return path;
}
