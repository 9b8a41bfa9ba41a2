import assert from "node:assert/strict";
import { containersIn, groupMounts, groupsOfProcess, isBelow, userOf } from "./group_path.ts";

const ID = "0123456789abcdef".repeat(4);
const INNER = "f".repeat(64);
const POD = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b2c.slice";

for (
  const [engine, path] of [
    ["Docker by cgroupfs", `/docker/${ID}`],
    ["Docker by systemd", `/system.slice/docker-${ID}.scope`],
    ["containerd by systemd", `${POD}/cri-containerd-${ID}.scope`],
    ["containerd by cgroupfs", `/kubepods/besteffort/pod1b2c/${ID}`],
    [
      "containerd below a unit",
      `/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${ID}`,
    ],
    ["CRI-O", `${POD}/crio-${ID}.scope`],
    ["Podman by systemd", `/machine.slice/libpod-${ID}.scope`],
    ["Podman by cgroupfs", `/libpod_parent/libpod-${ID}`],
  ] as const
) {
  Deno.test(`containersIn() finds a container of ${engine}`, () => {
    assert.deepEqual(containersIn(path), [{ id: ID, name: undefined, path }]);
    // Groups below that of a container belong to it.
    assert.deepEqual(containersIn(`${path}/init.scope`), [{ id: ID, name: undefined, path }]);
  });
}

Deno.test("containersIn() returns the outermost container first", () => {
  const found = containersIn(`/docker/${ID}/kubepods/pod1/${INNER}`);
  assert.deepEqual(found.map(({ id }) => id), [ID, INNER]);
});

Deno.test("containersIn() finds none for services, monitors and other names", () => {
  for (
    const path of [
      "/",
      "",
      "/system.slice/ssh.service",
      `/machine.slice/libpod-conmon-${ID}.scope`,
      `/crio-conmon-${ID}.scope`,
      `/docker/${ID.slice(1)}`,
      `/docker/${ID}0`,
      `/docker/${ID.toUpperCase()}`,
      `/docker/${ID}.scope.d`,
    ]
  ) {
    assert.deepEqual(containersIn(path), [], path);
  }
});

Deno.test("containersIn() returns the names of LXC and systemd-nspawn", () => {
  assert.equal(containersIn("/lxc.payload.web/init.scope")[0]?.name, "web");
  assert.equal(containersIn("/machine.slice/machine-my\\x2dhost.scope")[0]?.name, "my-host");
});

Deno.test("containersIn() looks at the first 31 names of a path", () => {
  const deep = "/a".repeat(31);
  assert.deepEqual(containersIn(`${deep}/${ID}`), []);
  assert.equal(containersIn(`${"/a".repeat(30)}/${ID}`).length, 1);
});

Deno.test("groupsOfProcess() returns the paths of both versions", () => {
  const text = `5:cpu,cpuacct:/docker/${ID}\n1:name=systemd:/\n0::/system.slice/a:b\nnonsense\n`;
  assert.deepEqual([...groupsOfProcess(text)], [
    ["cpu", `/docker/${ID}`],
    ["cpuacct", `/docker/${ID}`],
    ["name=systemd", "/"],
    ["", "/system.slice/a:b"],
  ]);
});

Deno.test("groupMounts() returns the place of each hierarchy", () => {
  const text = [
    "30 23 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct",
    "31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 none rw,nsdelegate",
    "32 23 0:27 / /mnt/a\\040b rw - cgroup2 none rw",
    "33 23 0:28 / /proc rw - proc proc rw",
    "",
  ].join("\n");
  assert.deepEqual([...groupMounts(text)], [
    ["cpu", "/sys/fs/cgroup/cpu"],
    ["cpuacct", "/sys/fs/cgroup/cpu"],
    ["", "/sys/fs/cgroup/unified"],
  ]);
});

Deno.test("userOf() returns the user who made a group", () => {
  const of = (uid: string) =>
    `/user.slice/user-${uid}.slice/user@${uid}.service/user.slice/libpod-x`;
  assert.deepEqual(
    [of("1000"), of("0"), "/user.slice/x", "/system.slice/user@1.servicex"].map(userOf),
    [
      ...[1000, 0, 0, 0],
    ],
  );
});

Deno.test("isBelow() compares whole names", () => {
  assert.ok(isBelow("/a/b", "/a"));
  assert.ok(isBelow("/a", "/a/"));
  assert.ok(isBelow("/a", "/"));
  assert.ok(!isBelow("/ab", "/a"));
});
