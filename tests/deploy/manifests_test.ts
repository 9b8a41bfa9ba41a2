/** Manifests of Kubernetes: parts that must agree, and in the soak the published schemas. */
import assert from "node:assert/strict";
import { load, loadAll } from "js-yaml";
import { parseUpFile } from "../../cli/background/up_file.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { SOAK } from "../support/soak.ts";
import { succeed } from "../support/succeed.ts";

const BASE = fromFileUrl("../../deploy/kubernetes/base");
const CHART = fromFileUrl("../../deploy/kubernetes/chart");

/** Helm assumes an old release, unless one is given to its build. */
const RELEASE = ["--kube-version", "1.33.0"];

// deno-lint-ignore no-explicit-any
type Manifest = any;

async function read(path: string): Promise<Manifest> {
  return load(await Deno.readTextFile(path));
}

/** Everything that must hold of a pod, wherever it was made. */
function checkPod(daemonSet: Manifest, parts: { policy: Manifest; monitor: Manifest }): void {
  const { selector, template } = daemonSet.spec;
  const { labels } = template.metadata;
  const isSubset = (wanted: Record<string, string>) =>
    Object.entries(wanted).every(([name, value]) => labels[name] === value);
  assert.ok(isSubset(selector.matchLabels));
  assert.ok(isSubset(parts.policy.spec.podSelector.matchLabels));
  assert.ok(isSubset(parts.monitor.spec.selector.matchLabels));
  const { containers: [container], volumes, hostNetwork, hostPID } = template.spec;
  assert.deepEqual({ hostNetwork, hostPID }, { hostNetwork: false, hostPID: true });
  const { securityContext: security } = container;
  assert.equal(security.privileged, false);
  assert.equal(security.allowPrivilegeEscalation, false);
  assert.equal(security.readOnlyRootFilesystem, true);
  assert.deepEqual(security.capabilities.drop, ["ALL"]);
  assert.deepEqual(
    security.capabilities.add,
    ["BPF", "PERFMON", "DAC_READ_SEARCH", "SETPCAP", "SYSLOG"],
  );
  // Mounts and volumes belong together, and none of the host can be written or leads to a socket.
  const mounts: Manifest[] = container.volumeMounts;
  assert.deepEqual(
    mounts.map(({ name }) => name).toSorted(),
    volumes.map(({ name }: Manifest) => name).toSorted(),
  );
  const hostPaths = volumes.filter((one: Manifest) => one.hostPath !== undefined);
  for (const { name, hostPath: { path } } of hostPaths) {
    assert.equal(mounts.find((mount) => mount.name === name).readOnly, true, name);
    assert.doesNotMatch(path, /^\/(run(\/(containerd|crio|docker|containers))?\/?)?$/);
  }
  // Ports are reached, and scraped.
  const ports = new Map(container.ports.map((port: Manifest) => [port.name, port.containerPort]));
  const scraped = parts.monitor.spec.podMetricsEndpoints.map(({ port }: Manifest) => port);
  assert.deepEqual(scraped.toSorted(), [...ports.keys()].toSorted());
  for (const port of ports.values()) {
    const isOpen = parts.policy.spec.ingress[0].ports.some((rule: Manifest) =>
      rule.port === port || (rule.port <= Number(port) && Number(port) <= (rule.endPort ?? 0))
    );
    assert.ok(isOpen, `port ${port}`);
  }
}

Deno.test("the parts of the kustomize base agree", async () => {
  const kustomization = await read(`${BASE}/kustomization.yaml`);
  const kinds = new Map<string, Manifest>();
  for (const file of kustomization.resources) {
    for (const manifest of loadAll(await Deno.readTextFile(`${BASE}/${file}`)) as Manifest[]) {
      kinds.set(manifest.kind, manifest);
    }
  }
  assert.deepEqual(
    [...kinds.keys()].toSorted(),
    ["DaemonSet", "Namespace", "NetworkPolicy", "PodMonitor", "ServiceAccount"],
  );
  checkPod(kinds.get("DaemonSet"), {
    policy: kinds.get("NetworkPolicy"),
    monitor: kinds.get("PodMonitor"),
  });
  // Every run's metrics have a port, and the token of the mounted secret.
  const { containers: [container], volumes } = kinds.get("DaemonSet").spec.template.spec;
  const [runs] = kustomization.configMapGenerator[0].files;
  const listed = parseUpFile(await Deno.readTextFile(`${BASE}/${runs}`), runs);
  const served = listed.map(({ words }) =>
    Number(words.find((word) => word.startsWith("--metrics="))?.split(":").at(-1))
  );
  assert.deepEqual(served, container.ports.map((port: Manifest) => port.containerPort));
  const secret = volumes.find(({ name }: Manifest) => name === "metrics").secret.secretName;
  assert.equal(secret, kustomization.secretGenerator[0].name);
  for (const { bearerTokenSecret } of kinds.get("PodMonitor").spec.podMetricsEndpoints) {
    assert.deepEqual(bearerTokenSecret, { name: secret, key: "token" });
  }
  const token = listed.map(({ words }) => words.find((word) => word.includes("metrics-token")));
  const place = container.volumeMounts.find(({ name }: Manifest) => name === "metrics").mountPath;
  for (const option of token) assert.equal(option, `--metrics-token=${place}/token`);
});

Deno.test("the chart's values are a file of runs, and those of the base", async () => {
  const values = await read(`${CHART}/values.yaml`);
  const runs = values.runs.map(({ metricsPort: _, ...run }: Manifest) => run);
  const listed = parseUpFile(JSON.stringify({ runs }), "values.yaml");
  const base = parseUpFile(await Deno.readTextFile(`${BASE}/runs.yaml`), "runs.yaml");
  assert.deepEqual(listed.map(({ name }) => name), base.map(({ name }) => name));
  assert.equal(values.hostNetwork, false);
  assert.equal(values.networkPolicy, true);
});

// Minutes of building, and packages of the network.
if (SOAK) {
  Deno.test("kustomize and helm make what the published schemas allow", async () => {
    const { kubernetesTools } = await import("../../build/steps/go_programs.ts");
    const { kustomize, helm, validate } = await kubernetesTools();
    using folder = new TestFolder();
    await succeed("cp", "-r", BASE, folder.at("base"));
    // Without a token nothing is applied.
    const refused = await new Deno.Command(kustomize, { args: ["build", folder.at("base")] })
      .output();
    assert.equal(refused.success, false);
    await Deno.writeTextFile(folder.at("base/token"), "0123456789abcdef");
    const made: Record<string, string> = {
      base: await succeed(kustomize, "build", folder.at("base")),
      chart: await succeed(
        helm,
        "template",
        "wasm-bpf",
        CHART,
        "--namespace",
        "tracing",
        ...RELEASE,
      ),
      network: await succeed(
        ...[
          helm,
          "template",
          "net",
          CHART,
          ...RELEASE,
          "--set",
          "hostNetwork=true,network=true",
        ] as const,
        ...["--set", "containers=false,metrics.existingSecret=mine"],
      ),
    };
    await succeed(helm, "lint", CHART, ...RELEASE);
    for (const [name, text] of Object.entries(made)) {
      const manifests = (loadAll(text) as Manifest[]).filter((one) => one !== null);
      const find = (kind: string) => manifests.find((one) => one.kind === kind);
      // The schemas of Kubernetes have no resources of others: those are checked by their parts.
      const own = manifests.filter(({ apiVersion }) => !/\.coreos\.com/.test(apiVersion));
      const path = folder.at(`${name}.json`);
      await Deno.writeTextFile(
        path,
        own.map((one) => JSON.stringify(one)).join("\n---\n"),
      );
      for (const version of ["1.30", "1.33"]) {
        await succeed(validate, "--strict", "-k", version, path);
      }
      if (name !== "network") {
        checkPod(find("DaemonSet"), { policy: find("NetworkPolicy"), monitor: find("PodMonitor") });
      } else assert.equal(find("NetworkPolicy"), undefined);
      checkMonitor(find("PodMonitor"));
    }
  });
}

/** Fields of a PodMonitor that the chart and the base use, as its definition has them. */
function checkMonitor(monitor: Manifest): void {
  const only = (value: Record<string, unknown>, ...names: string[]) =>
    assert.deepEqual(Object.keys(value).filter((name) => !names.includes(name)), []);
  only(monitor.spec, "selector", "podMetricsEndpoints");
  only(monitor.spec.selector, "matchLabels");
  for (const endpoint of monitor.spec.podMetricsEndpoints) {
    only(endpoint, "port", "path", "interval", "bearerTokenSecret", "relabelings");
    assert.match(endpoint.interval, /^\d+(ms|s|m|h)$/);
    only(endpoint.bearerTokenSecret, "name", "key", "optional");
    for (const relabeling of endpoint.relabelings) {
      only(
        relabeling,
        "sourceLabels",
        "targetLabel",
        "regex",
        "replacement",
        "action",
        "separator",
      );
      assert.ok(Array.isArray(relabeling.sourceLabels));
    }
  }
}
