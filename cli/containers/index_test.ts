import assert from "node:assert/strict";
import { UsageError } from "../errors.ts";
import { ContainerIndex, type Host } from "./index.ts";
import { comparesOwnGroup } from "./kernel_filter.ts";
import { Selection } from "./selection.ts";

const [A, B, INNER] = ["a", "b", "c"].map((digit) => digit.repeat(64));
const ROOT = "/sys/fs/cgroup";
const INODES = new Map([["/proc/7/ns/mnt", 4_026_532_000n], [ROOT, 1n]]);
const NO_FLAGS = { has: () => false };

/** Host of made-up groups, processes and Docker containers; `files` and `groups` can change. */
function madeUp(names: Readonly<Record<string, string>>) {
  const files = new Map<string, string>();
  const groups: { id: bigint; path: string }[] = [];
  let looks = 0;
  const host: Host = {
    read: (path) => {
      const [, id] = /^\/var\/lib\/docker\/containers\/(.*)\/config\.v2\.json$/.exec(path) ?? [];
      const text = id === undefined ? files.get(path) : names[id] && `{"Name":"/${names[id]}"}`;
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
    inode: (path) => INODES.get(path),
    groups: () => {
      looks += 1;
      return groups;
    },
  };
  return { host, files, groups, looks: () => looks };
}

function indexOf(
  { host }: ReturnType<typeof madeUp>,
  lists: ConstructorParameters<typeof Selection>[0]["lists"] = {},
) {
  const clock = { ms: 0 };
  const selection = new Selection(
    { values: {}, lists, flags: NO_FLAGS },
    new Map([["", ROOT], ["cpu", "/sys/fs/cgroup1/cpu"]]),
  );
  const index = new ContainerIndex(host, {
    selection,
    root: ROOT,
    hostRoot: "",
    now: () => clock.ms,
  });
  return { index, clock };
}

Deno.test("ofGroup() finds a container by its group, and by one below it", () => {
  const made = madeUp({ [`${A}`]: "web" });
  made.groups.push({ id: 5n, path: `/docker/${A}` }, { id: 6n, path: `/docker/${A}/init` });
  const { index } = indexOf(made);
  assert.equal(index.ofGroup(5n)?.names?.container, "web");
  assert.equal(index.ofGroup(6n)?.names?.container, "web");
  assert.equal(made.looks(), 1);
  assert.deepEqual(index.running.map(({ groupId }) => groupId), [5n]);
});

Deno.test("withGroupsBelow() adds groups below, and no neighbours", () => {
  const made = madeUp({});
  made.groups.push(
    { id: 2n, path: "/app" },
    { id: 3n, path: "/app/a" },
    { id: 4n, path: "/app/a/b" },
    { id: 5n, path: "/apples" },
  );
  const { index } = indexOf(made);
  assert.deepEqual([...index.withGroupsBelow(new Set([2n, 99n]))].sort(), [2n, 3n, 4n, 99n]);
  made.groups.push({ id: 7n, path: "/app/new" });
  assert.ok(index.withGroupsBelow(new Set([2n])).has(7n));
  assert.deepEqual([...index.withGroupsBelow(new Set([1n]))].sort(), [1n, 2n, 3n, 4n, 5n, 7n]);
});

Deno.test("comparesOwnGroup() knows kernels before 5.15", () => {
  const releases = [
    "4.18.0",
    "5.10.0-32-amd64",
    "5.14.0-rc1",
    "5.15.0",
    "5.15.0-rc1",
    "6.1",
    "10.0",
  ];
  assert.deepEqual(releases.map(comparesOwnGroup), [true, true, true, false, false, false, false]);
  assert.equal(comparesOwnGroup(undefined), false);
});

Deno.test("a group that a user names after a container of root is not that container", () => {
  const made = madeUp({ [`${A}`]: "web" });
  const path = `/user.slice/user-1000.slice/user@1000.service/app.slice/docker-${A}.scope`;
  made.groups.push({ id: 5n, path }, { id: 6n, path: `/system.slice/docker-${A}.scope` });
  const { index } = indexOf(made, { container: ["web"] });
  assert.deepEqual([index.ofGroup(5n)?.names, index.ofGroup(5n)?.isWanted], [undefined, false]);
  assert.equal(index.ofGroup(6n)?.isWanted, true);
});

Deno.test("a group that a container names after another one is its own", () => {
  const made = madeUp({ [`${A}`]: "web", [`${B}`]: "bank" });
  made.groups.push(
    { id: 5n, path: `/docker/${A}` },
    { id: 6n, path: `/docker/${A}/docker-${B}.scope` },
    { id: 7n, path: `/docker/${B}` },
  );
  const { index } = indexOf(made, { container: ["bank"] });
  assert.equal(index.ofGroup(6n)?.names?.container, "web");
  assert.equal(index.ofGroup(6n)?.isWanted, false);
  assert.deepEqual(
    index.running.filter(({ isWanted }) => isWanted).map(({ groupId }) => groupId),
    [7n],
  );
});

Deno.test("a container within one without a name is found by its own", () => {
  const made = madeUp({ [`${INNER}`]: "inner" });
  made.groups.push({ id: 5n, path: `/docker/${A}/${INNER}` });
  assert.equal(indexOf(made).index.ofGroup(5n)?.names?.container, "inner");
});

Deno.test("an unknown group is looked for at most each 100 ms", () => {
  const made = madeUp({});
  const { index, clock } = indexOf(made);
  for (let i = 0; i < 1000; i++) assert.equal(index.ofGroup(99n), undefined);
  assert.equal(made.looks(), 1);
  made.groups.push({ id: 99n, path: "/new" });
  clock.ms = 100;
  assert.deepEqual(index.ofGroup(99n)?.groups, new Map([["", "/new"]]));
});

Deno.test("ofProcess() keeps the place of a process that has ended", () => {
  const made = madeUp({ [`${A}`]: "web" });
  made.files.set("/proc/7/cgroup", `0::/docker/${A}\n`);
  const { index, clock } = indexOf(made);
  assert.equal(index.ofProcess(7)?.names?.container, "web");
  made.files.clear();
  clock.ms = 5000;
  assert.equal(index.ofProcess(7)?.names?.container, "web");
  // Another process got its number.
  made.files.set("/proc/7/cgroup", "0::/system.slice\n");
  assert.equal(index.ofProcess(7)?.names, undefined);
  assert.equal(index.ofProcess(8), undefined);
});

Deno.test("ofProcess() finds containers with groups of version 1 alone", () => {
  const made = madeUp({ [`${A}`]: "web" });
  made.files.set("/proc/7/cgroup", `3:cpu:/docker/${A}\n0::/\n`);
  assert.equal(indexOf(made).index.ofProcess(7)?.names?.container, "web");
});

Deno.test("ofNamespace() finds the container of a mount namespace", () => {
  const made = madeUp({ [`${A}`]: "web" });
  made.groups.push({ id: 5n, path: `/docker/${A}` });
  made.files.set(`${ROOT}/docker/${A}/cgroup.procs`, "7\n9\n");
  const { index } = indexOf(made);
  assert.equal(index.ofNamespace(4_026_532_000n)?.names?.container, "web");
  assert.equal(index.ofNamespace(1n), undefined);
});

Deno.test("names that come later are found", () => {
  const names: Record<string, string> = {};
  const made = madeUp(names);
  made.groups.push({ id: 5n, path: `/docker/${A}` });
  const { index, clock } = indexOf(made);
  assert.equal(index.ofGroup(5n)?.names, undefined);
  assert.equal(index.ofGroup(5n)?.id, A);
  names[`${A}`] = "web";
  clock.ms = 1000;
  assert.equal(index.ofGroup(5n)?.names?.container, "web");
});

const PLACE = {
  id: A,
  names: { container: "app", pod: "web-1", namespace: "shop" },
  groups: new Map([["", `/kubepods/pod1/${A}`], ["cpu", "/x/y"]]),
};

for (
  const [lists, takes] of [
    [{ container: ["app"] }, true],
    [{ container: ["web", "app"] }, true],
    [{ container: ["ap"] }, false],
    [{ container: ["aaaaaaaaaaaa"] }, true],
    [{ container: ["aaaaaaaaaaa"] }, false],
    [{ pod: ["web-1"] }, true],
    [{ pod: ["shop/web-1"] }, true],
    [{ pod: ["other/web-1"] }, false],
    [{ container: ["app"], pod: ["other/web-1"] }, false],
    [{ cgroup: ["/kubepods"] }, true],
    [{ cgroup: ["kubepods/pod1/"] }, true],
    [{ cgroup: [`${ROOT}/kubepods`] }, true],
    [{ cgroup: ["/kube"] }, false],
    [{ cgroup: ["/sys/fs/cgroup1/cpu/x"] }, true],
    [{ cgroup: ["/sys/fs/cgroup1/cpu/z"] }, false],
    [{ cgroup: ["/"] }, true],
    [{ container: ["app"], cgroup: ["/system.slice"] }, false],
  ] as const
) {
  Deno.test(`${JSON.stringify(lists)} ${takes ? "selects" : "leaves out"} a container`, () => {
    const mounts = new Map([["", ROOT], ["cpu", "/sys/fs/cgroup1/cpu"]]);
    const selection = new Selection({ values: {}, lists, flags: NO_FLAGS }, mounts);
    assert.equal(selection.takes(PLACE), takes);
  });
}

for (
  const lists of [
    { container: [""] },
    { container: ["a b"] },
    { container: ["../x"] },
    { container: ["a".repeat(254)] },
    { pod: ["/x"] },
    { pod: ["a/b/c"] },
    { pod: ["a/"] },
    { cgroup: [""] },
    { cgroup: ["a/../b"] },
    { cgroup: ["a\0b"] },
  ] as const
) {
  Deno.test(`${JSON.stringify(lists).slice(0, 40)} is wrong usage`, () => {
    assert.throws(
      () => new Selection({ values: {}, lists, flags: NO_FLAGS }, new Map()),
      UsageError,
    );
  });
}
