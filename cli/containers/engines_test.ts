import assert from "node:assert/strict";
import { Engines } from "./engines.ts";

const ID = "0123456789abcdef".repeat(4);

/** Engines that find these files, with what was read. */
function enginesOf(files: Readonly<Record<string, unknown>>, root = "") {
  const paths: string[] = [];
  const engines = new Engines((path, maxBytes) => {
    paths.push(path);
    const value = Object.hasOwn(files, path) ? files[path] : undefined;
    if (value === undefined) return undefined;
    const bytes = new TextEncoder().encode(
      typeof value === "string" ? value : JSON.stringify(value),
    );
    return bytes.length > maxBytes ? undefined : bytes;
  }, root);
  return { engines, paths };
}

const KUBERNETES = {
  "io.kubernetes.container.name": "app",
  "io.kubernetes.pod.name": "web-1",
  "io.kubernetes.pod.namespace": "shop",
};
const POD_NAMES = { container: "app", pod: "web-1", namespace: "shop" };

for (
  const [engine, files, names] of [
    [
      "Docker",
      { [`/var/lib/docker/containers/${ID}/config.v2.json`]: { Name: "/web", Config: {} } },
      { container: "web", pod: "", namespace: "" },
    ],
    [
      "Docker for Kubernetes",
      {
        [`/var/lib/docker/containers/${ID}/config.v2.json`]: {
          Name: "/k8s_app_web-1",
          Config: { Labels: KUBERNETES },
        },
      },
      POD_NAMES,
    ],
    [
      "containerd",
      {
        [`/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`]: {
          annotations: {
            "io.kubernetes.cri.container-name": "app",
            "io.kubernetes.cri.sandbox-name": "web-1",
            "io.kubernetes.cri.sandbox-namespace": "shop",
          },
        },
      },
      POD_NAMES,
    ],
    [
      "containerd, of a pod itself",
      {
        [`/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`]: {
          annotations: {
            "io.kubernetes.cri.sandbox-name": "web-1",
            "io.kubernetes.cri.sandbox-namespace": "shop",
          },
        },
      },
      { ...POD_NAMES, container: "POD" },
    ],
    [
      "nerdctl",
      {
        [`/run/containerd/io.containerd.runtime.v2.task/default/${ID}/config.json`]: {
          annotations: { "nerdctl/name": "web" },
        },
      },
      { container: "web", pod: "", namespace: "" },
    ],
    [
      "CRI-O",
      {
        [`/run/containers/storage/overlay-containers/${ID}/userdata/config.json`]: {
          annotations: KUBERNETES,
        },
      },
      POD_NAMES,
    ],
    [
      "Podman",
      {
        "/var/lib/containers/storage/vfs-containers/containers.json": [
          { id: "f".repeat(64), names: ["other"] },
          { id: ID, names: ["web", "alias"] },
        ],
      },
      { container: "web", pod: "", namespace: "" },
    ],
    [
      "Podman at another place",
      {
        "/etc/containers/storage.conf": '[storage]\n# graphroot = "/no"\n  graphroot = "/data/c"\n',
        "/data/c/overlay-containers/containers.json": [{ id: ID, names: ["web"] }],
      },
      { container: "web", pod: "", namespace: "" },
    ],
  ] as const
) {
  Deno.test(`namesOf() reads the files of ${engine}`, () => {
    assert.deepEqual(enginesOf(files).engines.namesOf(ID), names);
  });
}

Deno.test("namesOf() reads the files below the host's root", () => {
  const { engines, paths } = enginesOf({
    [`/host/var/lib/docker/containers/${ID}/config.v2.json`]: { Name: "/web" },
  }, "/host");
  assert.equal(engines.namesOf(ID)?.container, "web");
  assert.deepEqual(paths.filter((path) => !path.startsWith("/host/")), []);
});

Deno.test("namesOf() reads no file for what is not an id", () => {
  const { engines, paths } = enginesOf({});
  const before = paths.length;
  for (const id of ["", "../../etc", `${ID}/..`, ID.slice(1), ID.toUpperCase(), `${ID}\n`]) {
    assert.equal(engines.namesOf(id), undefined);
  }
  assert.equal(paths.length, before);
});

for (
  const [what, state] of [
    ["cut JSON", '{"Name":"/we'],
    ["a name that is not a text", { Name: { a: 1 } }],
    ["an empty name", { Name: "" }],
    ["a list", []],
    ["null", "null"],
    ["members of a prototype", '{"__proto__":{"Name":"/web"}}'],
    ["a file that is too large", `{"Name":"/web","a":"${"x".repeat(1 << 20)}"}`],
  ] as const
) {
  Deno.test(`namesOf() leaves a state with ${what} out`, () => {
    const path = `/var/lib/docker/containers/${ID}/config.v2.json`;
    assert.equal(enginesOf({ [path]: state }).engines.namesOf(ID), undefined);
  });
}
