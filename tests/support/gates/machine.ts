/** Attempts that move files, mounts, control groups or interfaces, which a confined thread cannot. */
import type { Permissions } from "../../../ebpf/mod.ts";
import { CGROUP } from "../attach_places.ts";
import { attachCode, AttachRig } from "../attach_rig.ts";
import { type Attempt, type Attempts, LIBC } from "./attempt.ts";

const attempts: Attempts = new Map();

/** Exchanges a file after the rules were made. */
function exchanged(exchange: (path: string) => Promise<void>, start = "/usr/bin/true"): Attempt {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/allowed`;
      await Deno.copyFile(start, path);
      using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
      await exchange(path);
      return rig.attach(`${path}:getpgid`) === "attached";
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

attempts.set(
  "exchange an allowed file for a link",
  exchanged(async (path) => {
    await Deno.remove(path);
    await Deno.symlink(LIBC, path);
  }),
);
attempts.set(
  "exchange an allowed file by rename",
  exchanged(async (path) => {
    await Deno.copyFile(LIBC, `${path}.new`);
    await Deno.rename(`${path}.new`, path);
  }),
);
attempts.set("overwrite an allowed file", exchanged((path) => Deno.copyFile(LIBC, path)));
attempts.set("attach to a copy of a denied file", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.copyFile(LIBC, path);
    const permissions: Permissions = { denyAttach: ["uprobe:libc.so.6"] };
    return attachCode("trace", "on_uprobe", `${path}:getpgid`, permissions) === "attached";
  } finally {
    await Deno.remove(path);
  }
});
attempts.set("attach to a denied file by a link", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(LIBC, `${folder}/link`);
    const permissions: Permissions = { denyAttach: ["uprobe:libc.so.6"] };
    return attachCode("trace", "on_uprobe", `${folder}/link:getpgid`, permissions) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
attempts.set("attach where an allowed link leads later", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/ns`;
    await Deno.symlink("/nonexistent", path);
    using rig = new AttachRig("net", "on_sk_lookup", { allowAttach: [`netns:${path}`] });
    await Deno.remove(path);
    await Deno.symlink("/proc/self/ns/net", path);
    return rig.attach(path) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
attempts.set("attach to a cgroup that took the name of an allowed one", async () => {
  const path = `${CGROUP}/wasm-bpf-attempt-${Deno.pid}`;
  await Deno.mkdir(path);
  try {
    using rig = new AttachRig("cgroup", "count", { allowAttach: [`cgroup:${path}`] });
    await Deno.remove(path);
    await Deno.mkdir(path);
    return rig.attach(path) === "attached";
  } finally {
    await Deno.remove(path);
  }
});
/** Mounts something else over what is allowed, or what is denied somewhere else. */
function mounted(
  start: string,
  attempt: (path: string, mount: (from: string) => Promise<void>) => Promise<boolean>,
): Attempt {
  return async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/file`;
    if ((await Deno.stat(start)).isDirectory) await Deno.mkdir(path);
    else await Deno.copyFile(start, path);
    let mounts = 0;
    const run = async (command: string, ...args: string[]) => {
      const { success, stderr } = await new Deno.Command(command, { args }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
    };
    try {
      return await attempt(path, async (from) => {
        await run("mount", "--bind", from, path);
        mounts++;
      });
    } finally {
      for (; mounts > 0; mounts--) await run("umount", path);
      await Deno.remove(folder, { recursive: true });
    }
  };
}

attempts.set(
  "mount another file over an allowed one",
  mounted("/usr/bin/true", async (path, mount) => {
    using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
    await mount(LIBC);
    return rig.attach(`${path}:getpgid`) === "attached";
  }),
);
attempts.set(
  "attach to a denied file where it is mounted",
  mounted("/usr/bin/true", async (path, mount) => {
    await mount(LIBC);
    const permissions: Permissions = { denyAttach: ["uprobe:libc.so.6"] };
    return attachCode("trace", "on_uprobe", `${path}:getpgid`, permissions) === "attached";
  }),
);
attempts.set(
  "attach to a denied cgroup where it is mounted",
  mounted(CGROUP, async (path, mount) => {
    await mount(CGROUP);
    return attachCode("cgroup", "count", path, { denyAttach: [`cgroup:${CGROUP}`] }) === "attached";
  }),
);
attempts.set(
  "mount a cgroup over an allowed folder",
  mounted(CGROUP, async (path, mount) => {
    using rig = new AttachRig("cgroup", "count", { allowAttach: [`cgroup:${path}`] });
    await mount(CGROUP);
    return rig.attach(path) === "attached";
  }),
);
attempts.set(
  "attach to a denied network namespace where it is mounted",
  mounted("/usr/bin/true", async (path, mount) => {
    await mount("/proc/self/ns/net");
    const permissions: Permissions = { denyAttach: ["netns:/proc/self/ns/net"] };
    return attachCode("net", "on_sk_lookup", path, permissions) === "attached";
  }),
);
attempts.set("attach to a denied file by another name of it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(LIBC, `${folder}/one`);
    await Deno.link(`${folder}/one`, `${folder}/two`);
    const permissions: Permissions = { denyAttach: [`uprobe:${folder}/one`] };
    return attachCode("trace", "on_uprobe", `${folder}/two:getpgid`, permissions) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
attempts.set("attach to a denied file that was renamed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(LIBC, `${folder}/one`);
    using rig = new AttachRig("trace", "on_uprobe", { denyAttach: [`uprobe:${folder}/one`] });
    await Deno.rename(`${folder}/one`, `${folder}/two`);
    await Deno.copyFile("/usr/bin/true", `${folder}/one`);
    return rig.attach(`${folder}/two:getpgid`) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
attempts.set("exchange a folder above an allowed file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/here`);
    await Deno.mkdir(`${folder}/there`);
    await Deno.copyFile("/usr/bin/true", `${folder}/here/file`);
    await Deno.copyFile(LIBC, `${folder}/there/file`);
    const path = `${folder}/here/file`;
    using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
    await Deno.rename(`${folder}/here`, `${folder}/gone`);
    await Deno.symlink(`${folder}/there`, `${folder}/here`);
    return rig.attach(`${path}:getpgid`) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
attempts.set("attach to a denied interface by another of its names", async () => {
  const [name, other] = [`wbc${Deno.pid}`, `wasm-bpf-other-name-${Deno.pid}`];
  const ip = async (...args: string[]) =>
    (await new Deno.Command("ip", { args, stderr: "null" }).output()).success;
  if (!await ip("link", "add", name, "type", "veth", "peer", "name", `${name}p`)) return false;
  try {
    await ip("link", "property", "add", "dev", name, "altname", other);
    using rig = new AttachRig("net", "on_xdp", { denyAttach: [`iface:${name}`] });
    await ip("link", "set", name, "name", `${name}x`);
    return rig.attach(other) === "attached" || rig.attach(`${name}x`) === "attached";
  } finally {
    await ip("link", "del", `${name}p`);
  }
});
attempts.set("attach to an interface that took the name of an allowed one", async () => {
  const [first, second] = [`wba${Deno.pid}`, `wbb${Deno.pid}`];
  const ip = async (...args: string[]) =>
    (await new Deno.Command("ip", { args, stderr: "null" }).output()).success;
  if (!await ip("link", "add", first, "type", "veth", "peer", "name", second)) return false;
  try {
    using rig = new AttachRig("net", "on_xdp", { allowAttach: [`iface:${first}`] });
    await ip("link", "set", first, "name", `${first}x`);
    await ip("link", "set", second, "name", first);
    return rig.attach(first) === "attached";
  } finally {
    await ip("link", "del", first);
  }
});

/** Attempts that change what is allowed or denied after the rules were made. */
export const MACHINE_ATTEMPTS: Attempts = attempts;
