import assert from "node:assert/strict";
import { Engines } from "./engines.ts";

const ID = "0123456789abcdef".repeat(4);

/** Engines that find these files, with what was read. */
function enginesOf(files: Readonly<Record<string, unknown>>, root = "") {
  const paths: string[] = [];
  const engines = new Engines(
    (path, maxBytes) => {
      paths.push(path);
      const value = Object.hasOwn(files, path) ? files[path] : undefined;
      if (value === undefined) return undefined;
      const bytes = new TextEncoder().encode(
        typeof value === "string" ? value : JSON.stringify(value),
      );
      return bytes.length > maxBytes ? undefined : bytes;
    },
    root,
    () => 0,
  );
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

const INFRA = "1".repeat(64), POD = `792ecc9720c1${"2".repeat(52)}`;
const STORAGE = "/var/lib/containers/storage";

/** Files of a pod of Podman whose name is `cart`, with its own container or without. */
function podmanFiles(
  database: Readonly<Record<string, string>>,
  { infra = "792ecc9720c1-infra", hostname = "cart-host" } = {},
): Record<string, unknown> {
  const folder = `${STORAGE}/overlay-containers`;
  const list = [{ id: ID, names: ["cart-app"] }];
  return {
    [`${folder}/containers.json`]: infra === "" ? list : [{ id: INFRA, names: [infra] }, ...list],
    [`${folder}/${ID}/userdata/config.json`]: {
      annotations: { "io.kubernetes.cri-o.SandboxID": infra === "" ? POD : INFRA },
    },
    [`${folder}/${INFRA}/userdata/config.json`]: { hostname, annotations: {} },
    ...database,
  };
}

// As the pages of the database have it: other texts before and after, and quotes that are escaped.
const LABEL = JSON.stringify({ label: `{"id":"${POD}","name":"forged"` });
const DATABASE =
  `\0\x01{"spec":${LABEL}}\0{"id":"${POD.slice(0, 12)}","name":"short"}config{"id":"${POD}",` +
  `"name":"cart","labels":{}}\0`;

for (
  const [what, files, pod] of [
    ["in BoltDB", podmanFiles({ [`${STORAGE}/libpod/bolt_state.db`]: DATABASE }), "cart"],
    ["in SQLite", podmanFiles({ [`${STORAGE}/db.sql`]: DATABASE }), "cart"],
    ["in SQLite's log", podmanFiles({ [`${STORAGE}/db.sql-wal`]: DATABASE }), "cart"],
    [
      "of a pod without a container of its own",
      podmanFiles({ [`${STORAGE}/libpod/bolt_state.db`]: DATABASE }, { infra: "" }),
      "cart",
    ],
    ["by its host's name, without a database", podmanFiles({}), "cart-host"],
    ["of another container's sandbox", podmanFiles({}, { infra: "other" }), "cart-host"],
    ["nowhere", podmanFiles({}, { infra: "" }), ""],
  ] as const
) {
  Deno.test(`namesOf() finds the name of a pod of Podman ${what}`, () => {
    const { engines } = enginesOf(files);
    assert.deepEqual(engines.namesOf(ID), { container: "cart-app", pod, namespace: "" });
  });
}

Deno.test("namesOf() finds containers that end with the boot, and a pod's own", () => {
  const { engines } = enginesOf({
    "/run/containers/storage/vfs-containers/volatile-containers.json": [{ id: ID, names: ["job"] }],
    ...podmanFiles({ [`${STORAGE}/libpod/bolt_state.db`]: DATABASE }),
    [`${STORAGE}/overlay-containers/containers.json`]: [{
      id: INFRA,
      names: ["792ecc9720c1-infra"],
    }],
  });
  assert.equal(engines.namesOf(ID)?.container, "job");
  assert.deepEqual(engines.namesOf(INFRA), {
    container: "792ecc9720c1-infra",
    pod: "cart",
    namespace: "",
  });
});

Deno.test("namesOf() reads lists once for many ids that are not in them", () => {
  const { engines, paths } = enginesOf(podmanFiles({}));
  const other = (i: number) => i.toString(16).padStart(64, "0");
  for (let i = 0; i < 100; i++) assert.equal(engines.namesOf(other(i)), undefined);
  assert.equal(
    paths.filter((path) => path.endsWith("overlay-containers/containers.json")).length,
    2,
  );
});

const PASSWD =
  "root:x:0:0::/root:/bin/sh\nann:x:1000:1000:,,,:/home/ann:/bin/sh\nno:x:1001:1001:::\n";

for (
  const [what, files, name] of [
    ["Podman", {
      "/home/ann/.local/share/containers/storage/overlay-containers/containers.json": [
        { id: ID, names: ["own"] },
      ],
    }, "own"],
    ["Podman at a place of its own", {
      "/home/ann/.config/containers/storage.conf": 'graphroot = "$HOME/c/$UID"\n',
      "/home/ann/c/1000/vfs-containers/containers.json": [{ id: ID, names: ["own"] }],
    }, "own"],
    ["Podman at a place for all users", {
      "/etc/containers/storage.conf": 'rootless_storage_path = "/data/$USER"\n',
      "/data/ann/vfs-containers/containers.json": [{ id: ID, names: ["own"] }],
    }, "own"],
    ["Docker", {
      [`/home/ann/.local/share/docker/containers/${ID}/config.v2.json`]: { Name: "/own" },
    }, "own"],
    ["root alone", {
      [`/var/lib/docker/containers/${ID}/config.v2.json`]: { Name: "/web" },
    }, undefined],
  ] as const
) {
  Deno.test(`namesOf() reads files of ${what} for a user's control group`, () => {
    const { engines } = enginesOf({ "/etc/passwd": PASSWD, ...files });
    assert.equal(engines.namesOf(ID, 1000)?.container, name);
    for (const uid of [1001, 1002]) assert.equal(engines.namesOf(ID, uid), undefined);
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
