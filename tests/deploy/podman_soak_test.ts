/** The image in Podman, by itself and as the pod of the DaemonSet: both trace processes of the host. */
import assert from "node:assert/strict";
import { load } from "js-yaml";
import config from "../../deno.json" with { type: "json" };
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { Repeating } from "../support/made_up_container.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Podman } from "../support/podman.ts";
import { SOAK } from "../support/soak.ts";
import { succeed } from "../support/succeed.ts";

const CHECKOUT = fromFileUrl("../../");
const IMAGE = `${CHECKOUT}dist/image`;
const BASE = `${CHECKOUT}deploy/kubernetes/base`;
/** Capabilities that both have. */
const CAPABILITIES = ["BPF", "PERFMON", "DAC_READ_SEARCH", "SETPCAP", "SYSLOG"];
// time: a load that leaves the processors to others; nothing is waited for.
const FAILING = ["/bin/sh", "-c", "while :; do /bin/sh -c 'exit 3'; sleep 0.1; done"] as const;

/** Tracefs at a place of its own, as a host has it at /sys/kernel/tracing. */
class Tracefs implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async mount(path: string): Promise<Tracefs> {
    await Deno.mkdir(path);
    await succeed("mount", "-t", "tracefs", "tracefs", path);
    return new Tracefs(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A container that has just ended may still have it.
    await until(
      "tracefs is unmounted",
      async () =>
        (await new Deno.Command("umount", { args: [this.path], stderr: "null" }).output()).success,
    );
  }
}

/** Makes the image, and loads it; returns its name. */
async function loadImage(podman: Podman): Promise<string> {
  await succeed(Deno.execPath(), "run", "-A", "--config", `${CHECKOUT}deno.json`, ...[
    `${CHECKOUT}build/main.ts`,
    "image",
  ]);
  const id = await podman.run("pull", "-q", `oci:${IMAGE}:${config.version}`);
  await podman.run("tag", id.trim(), "localhost/wasm-bpf:test");
  return "localhost/wasm-bpf:test";
}

if (SOAK) {
  Deno.test("Podman runs the image, which traces the host with five capabilities", async () => {
    using root = new TestFolder();
    await using tracefs = await Tracefs.mount(root.at("tracing"));
    await using podman = await Podman.create(root);
    const image = await loadImage(podman);
    await using _failing = new Repeating(FAILING);
    const text = await podman.run(
      ...["run", "--rm", "--read-only", "--pid=host", "--net=none", "--cap-drop=all"],
      ...[`--cap-add=${CAPABILITIES.join(",")}`, "--security-opt", "seccomp=unconfined"],
      ...["-v", `${tracefs.path}:/sys/kernel/tracing:ro`, image],
      ...["exitsnoop", "--failed", "--count", "3", "--timeout", "100s", "-o", "jsonl"],
    );
    const rows = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(rows.length, 3);
    assert.ok(rows.some(({ comm, exit_code: code }) => comm === "sh" && code === 3), text);
  });

  Deno.test("podman play kube runs the pod of the DaemonSet, which traces the host", async () => {
    using root = new TestFolder();
    await using tracefs = await Tracefs.mount(root.at("tracing"));
    await using podman = await Podman.create(root);
    const image = await loadImage(podman);
    await Deno.writeTextFile(root.at("pod.yaml"), await podOf(root, tracefs.path, image));
    await using _failing = new Repeating(FAILING);
    await podman.run("play", "kube", root.at("pod.yaml"));
    let text = "";
    await until("the run of the file has a record of the host", async () => {
      text = await podman.run("logs", "wasm-bpf-wasm-bpf");
      return text.split("\n").some((line) =>
        line.startsWith('{"run":"exits"') && JSON.parse(line).exit_code === 3
      );
    }).catch((cause) => {
      throw new Error(text, { cause });
    });
  });
}

/**
 * Returns the pod of the DaemonSet, without the parts that Podman does not have: fields of the node, and
 * volumes from the API server, which are folders here.
 */
async function podOf(root: TestFolder, tracefs: string, image: string): Promise<string> {
  // deno-lint-ignore no-explicit-any
  const daemonSet: any = load(await Deno.readTextFile(`${BASE}/daemonset.yaml`));
  const { containers: [container], volumes } = daemonSet.spec.template.spec;
  for (const name of ["runs", "metrics", "containerd", "crio"]) await Deno.mkdir(root.at(name));
  await Deno.copyFile(`${BASE}/runs.yaml`, root.at("runs/runs.yaml"));
  await Deno.writeTextFile(root.at("metrics/token"), "0123456789abcdef0123456789abcdef\n");
  const folders: Readonly<Record<string, string>> = {
    ...{ runs: root.at("runs"), metrics: root.at("metrics"), tracing: tracefs },
    ...{ containerd: root.at("containerd"), crio: root.at("crio"), cgroup: "/sys/fs/cgroup" },
  };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "wasm-bpf",
      // Debian's profile allows bpf(2) with CAP_SYS_ADMIN alone.
      annotations: { "container.seccomp.security.alpha.kubernetes.io/wasm-bpf": "unconfined" },
    },
    spec: {
      hostPID: true,
      hostNetwork: true,
      containers: [{
        ...container,
        image,
        imagePullPolicy: "Never",
        env: [{ name: "WASM_BPF_HOST_ROOT", value: "/host" }],
        ports: [],
        resources: {},
        securityContext: { ...container.securityContext, seccompProfile: undefined },
        volumeMounts: container.volumeMounts.map(
          ({ name, mountPath, readOnly }: Record<string, unknown>) => ({
            ...{ name, mountPath },
            ...(readOnly === true ? { readOnly } : {}),
          }),
        ),
      }],
      volumes: volumes.map(({ name }: { name: string }) => ({
        name,
        ...(folders[name] === undefined
          ? { emptyDir: {} }
          : { hostPath: { path: folders[name], type: "Directory" } }),
      })),
    },
  };
  // JSON is YAML.
  return JSON.stringify(pod);
}
