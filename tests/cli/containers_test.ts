/** Containers of records: which are shown, and their names, with real control groups. */
import assert from "node:assert/strict";
import { CliProcess, guestPath, runCli } from "../support/cli.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Podman } from "../support/podman.ts";
import { MadeUpContainer, Repeating } from "../support/made_up_container.ts";
import { SOAK } from "../support/soak.ts";
import { succeed } from "../support/succeed.ts";

type Row = Record<string, unknown>;

function rowsOf(stdout: string): Row[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

const KUBERNETES = {
  "io.kubernetes.container.name": "app",
  "io.kubernetes.pod.name": "web-1",
  "io.kubernetes.pod.namespace": "shop",
};

/** Ends a process each time, and opens a file that is not there. */
function script(word: string): string {
  return `while :; do /bin/cat /nothing-${word}; test -e /nothing-${word}; done`;
}

for (
  const [tool, options] of [
    // Filtered in the kernel where version 2 alone is mounted; the process is gone when it is shown.
    ["exitsnoop", ["--container", "web"]],
    // A guest, whose records are looked at when they come.
    ["opensnoop", ["--container", "web"]],
  ] as const
) {
  Deno.test(`${tool} --container shows what one container does`, async () => {
    using root = new TestFolder();
    await using web = await MadeUpContainer.create(root, "web");
    await using other = await MadeUpContainer.create(root, "other");
    await using _web = new Repeating(web.command(script("web")));
    await using _other = new Repeating(other.command(script("other")));
    const { code, stdout, stderr } = await runCli(
      [...options, "--count", "3", "--timeout", "100s", "-o", "jsonl", tool],
      { env: { WASM_BPF_HOST_ROOT: root.path } },
    );
    assert.equal(code, 0, stderr);
    const rows = rowsOf(stdout);
    assert.ok(rows.length >= 3, stderr);
    for (const row of rows) assert.equal(row["container"], "web", stdout);
    if ("path" in (rows[0] ?? {})) assert.doesNotMatch(stdout, /nothing-other/);
  });
}

Deno.test("records have container, pod and namespace when they are requested", async () => {
  using root = new TestFolder();
  await using app = await MadeUpContainer.create(root, "k8s_app", KUBERNETES);
  await using _app = new Repeating(app.command(script("app")));
  const env = { WASM_BPF_HOST_ROOT: root.path };
  const line = ["--count", "2", "--timeout", "100s", "-o", "jsonl"];
  for (
    const options of [
      ["--pod", "shop/web-1", "--container", "app"],
      ["--filter", 'pod == "web-1"', "--fields", "comm,container,pod,pod_namespace"],
    ]
  ) {
    const { code, stdout, stderr } = await runCli([...line, ...options, "exitsnoop"], { env });
    assert.equal(code, 0, stderr);
    const [row] = rowsOf(stdout);
    const names = [row?.["container"], row?.["pod"], row?.["pod_namespace"]];
    assert.deepEqual(names, ["app", "web-1", "shop"], `${options}`);
  }
});

Deno.test("--pod and --container select by the files of Podman", async () => {
  using root = new TestFolder();
  await using app = await MadeUpContainer.createPodman(root, "cart-app", "cart");
  await using other = await MadeUpContainer.create(root, "other");
  await using _app = new Repeating(app.command(script("app")));
  await using _other = new Repeating(other.command(script("other")));
  const env = { WASM_BPF_HOST_ROOT: root.path };
  const line = ["--count", "2", "--timeout", "100s", "-o", "jsonl"];
  for (const options of [["--pod", "cart"], ["--container", "cart-app"]]) {
    const { code, stdout, stderr } = await runCli([...line, ...options, "exitsnoop"], { env });
    assert.equal(code, 0, stderr);
    for (const row of rowsOf(stdout)) {
      const names = [row["container"], row["pod"], row["pod_namespace"]];
      assert.deepEqual(names, ["cart-app", "cart", ""], `${options}`);
    }
  }
});

Deno.test("a state that is a pipe or a device is not read", async () => {
  using root = new TestFolder();
  const env = { WASM_BPF_HOST_ROOT: root.path };
  for (const command of ["mkfifo", "ln -s /dev/zero"]) {
    await using app = await MadeUpContainer.create(root, "app");
    const state = root.at(`var/lib/docker/containers/${app.id}/config.v2.json`);
    await Deno.remove(state);
    const [program = "", ...words] = [...command.split(" "), state];
    await succeed(program, ...words);
    await using _app = new Repeating(app.command(script("app")));
    const { code, stdout, stderr } = await runCli([
      ...["--containers", "--cgroup", app.path, "--count", "1", "--timeout", "100s"],
      ...["-o", "jsonl", "exitsnoop"],
    ], { env });
    assert.equal(code, 0, stderr);
    assert.equal(rowsOf(stdout)[0]?.["container"], app.id.slice(0, 12));
  }
});

Deno.test("a container that starts later is shown", async () => {
  using root = new TestFolder();
  await using run = new CliProcess(
    ["--container", "late", "--count", "2", "--timeout", "100s", "-o", "jsonl", "exitsnoop"],
    { env: { WASM_BPF_HOST_ROOT: root.path } },
  );
  await until("the run waits", () => /no container matches --container late/.test(run.stderr));
  await using late = await MadeUpContainer.create(root, "late");
  await using _late = new Repeating(late.command(script("late")));
  const { code, stdout, stderr } = await run.result();
  assert.equal(code, 0, stderr);
  assert.deepEqual(rowsOf(stdout).map((row) => row["container"]), ["late", "late"]);
});

Deno.test("--cgroup selects a control group in the kernel, and those below it", async () => {
  await using group = await TestCgroup.create();
  const inner = `${group.path}/inner`;
  await Deno.mkdir(inner);
  try {
    const join = `echo $$ > ${inner}/cgroup.procs && ${script("inner")}`;
    await using _inner = new Repeating(["/bin/sh", "-c", join]);
    // A histogram: nothing could be left out afterwards.
    const { code, stdout, stderr } = await runCli(
      [
        "--cgroup",
        group.path,
        "--count",
        "2",
        "--interval",
        "300ms",
        "--timeout",
        "100s",
        "cpudist",
      ],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /usecs/);
  } finally {
    // A process that has ended leaves its group a little later.
    await until(
      "the control group is empty",
      () => Deno.remove(inner).then(() => true, () => false),
    );
  }
});

Deno.test("--cgroup of a root leaves nothing out, of a histogram neither", async () => {
  const words = ["--cgroup", "/", "--count", "1", "--interval", "300ms", "--timeout", "100s"];
  const { code, stdout, stderr } = await runCli([...words, "cpudist"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /usecs/);
});

Deno.test("--container leaves out a histogram without processes next to records with them", async () => {
  using root = new TestFolder();
  const object = root.at("both.bpf.o");
  await succeed(
    ...["clang", "-g", "-O2", "-target", "bpf", "-D__TARGET_ARCH_x86"] as const,
    ...["-idirafter", "/usr/include/x86_64-linux-gnu", "-c", "-o", object],
    fromFileUrl("../programs/both_kinds.bpf.c"),
  );
  await using web = await MadeUpContainer.create(root, "web");
  await using _web = new Repeating(web.command(script("web")));
  const env = { WASM_BPF_HOST_ROOT: root.path };
  const words = ["--container", "web", "--interval", "300ms", "--timeout", "100s", "-o", "jsonl"];
  const both = await runCli([...words, "--count", "3", "--map", "slots", object], { env });
  assert.equal(both.code, 0, both.stderr);
  assert.match(both.stderr, /^warning: records of "slots" are left out: they have no process/m);
  const rows = rowsOf(both.stdout);
  assert.ok(rows.length > 0 && rows.every(({ container }) => container === "web"), both.stdout);
});

Deno.test("a gadget's filter of mount namespaces selects a container in the kernel", async () => {
  using root = new TestFolder();
  const object = root.at("gadget.bpf.o");
  await succeed(
    ...["clang", "-g", "-O2", "-target", "bpf", "-D__TARGET_ARCH_x86"] as const,
    ...["-idirafter", "/usr/include/x86_64-linux-gnu", "-c", "-o", object],
    fromFileUrl("../programs/namespace_filter.bpf.c"),
  );
  await using web = await MadeUpContainer.create(root, "web");
  const name = "only-inside";
  await Deno.copyFile("/bin/true", root.at(name));
  await Deno.chmod(root.at(name), 0o755);
  // A chroot has no mount whose propagation could be changed.
  const unshare = "unshare --mount --propagation unchanged";
  const loop = `exec ${unshare} /bin/sh -c 'while :; do ${root.at(name)}; done'`;
  await using _web = new Repeating(web.command(loop));
  await using _other = new Repeating(["/bin/sh", "-c", script("other")]);
  // The namespace is that of the first process, once it has its own.
  await until("the container has a namespace of its own", async () => {
    const [pid = ""] = (await Deno.readTextFile(`${web.path}/cgroup.procs`)).split("\n");
    const own = await Deno.readLink(`/proc/${pid}/ns/mnt`).catch(() => "");
    return own !== "" && own !== await Deno.readLink("/proc/self/ns/mnt");
  });
  const { code, stdout, stderr } = await runCli(
    [
      ...["--container", "web", "--map", "ends", "--interval", "500ms", "--count", "2"],
      ...["--timeout", "100s", "-o", "jsonl", object],
    ],
    { env: { WASM_BPF_HOST_ROOT: root.path } },
  );
  assert.equal(code, 0, stderr);
  const rows = rowsOf(stdout);
  assert.ok(rows.length > 0, stderr);
  assert.deepEqual([...new Set(rows.map((row) => row["comm"]))], [name], stdout);
});

for (
  const [args, code, reason] of [
    [["--container", "web", "biopattern"], 1, /records of "patterns" have no process/],
    [["--cgroup", "/no/such/group", "exitsnoop"], 1, /no such control group/],
    [["--container", "web", guestPath("wrapper")], 2, /prints by itself/],
  ] as const
) {
  Deno.test(`${args.slice(0, 2).join(" ")} fails with exit code ${code}: ${reason}`, async () => {
    const result = await runCli(["--timeout", "60s", ...args]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, reason);
  });
}

/** Pod as a Kubernetes user describes it. */
const POD = `apiVersion: v1
kind: Pod
metadata: { name: cart, labels: { app: cart } }
spec:
  hostNetwork: true
  containers:
    - { name: app, image: localhost/loop:latest, command: [/loop], imagePullPolicy: Never }
`;

if (SOAK) {
  Deno.test("--container shows what a container of Podman does", async () => {
    using root = new TestFolder();
    await Deno.mkdir(root.at("etc/containers"), { recursive: true });
    // Below the host's root, as the file has it there.
    await Deno.writeTextFile(root.at("etc/containers/storage.conf"), 'graphroot = "/graph"\n');
    await using podman = await Podman.create(root);
    for (const name of ["web", "other"]) {
      await podman.run("run", "-d", "--name", name, "--net=none", "loop");
    }
    for (const tool of ["exitsnoop", "opensnoop"]) {
      const { code, stdout, stderr } = await runCli(
        ["--container", "web", "--count", "5", "--timeout", "100s", "-o", "jsonl", tool],
        { env: { WASM_BPF_HOST_ROOT: root.path } },
      );
      assert.equal(code, 0, stderr);
      const rows = rowsOf(stdout);
      assert.equal(rows.length, 5);
      for (const row of rows) {
        assert.deepEqual([row["container"], row["comm"]], ["web", "loop"], stdout);
      }
    }
    await Deno.writeTextFile(root.at("pod.yaml"), POD);
    await podman.run("play", "kube", root.at("pod.yaml"));
    await podman.run("pod", "create", "--name", "bare", "--infra=false");
    await podman.run("run", "-d", "--pod", "bare", "--name", "inside", "--net=none", "loop");
    for (
      const [options, names] of [
        [["--pod", "cart"], ["cart-app", "cart"]],
        [["--container", "cart-app"], ["cart-app", "cart"]],
        [["--pod", "bare"], ["inside", "bare"]],
      ] as const
    ) {
      const { code, stdout, stderr } = await runCli(
        [
          ...[...options, "--count", "5", "--timeout", "100s", "-o", "jsonl"],
          ...["--filter", '!container.endsWith("-infra")', "exitsnoop"],
        ],
        { env: { WASM_BPF_HOST_ROOT: root.path } },
      );
      assert.equal(code, 0, stderr);
      for (const { container, pod, pod_namespace: space } of rowsOf(stdout)) {
        assert.deepEqual([container, pod, space], [...names, ""], stdout);
      }
    }
  });
}
