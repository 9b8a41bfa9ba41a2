/** Programs in Go that the soak uses: kustomize, Helm and a receiver of OTLP; and a validator in Python. */
import { basename, resolve } from "node:path";
import { findGo } from "./go.ts";
import { run } from "../lib/process.ts";
import { replaceFile, runStep } from "../lib/step.ts";

/** Modules of Go with their versions; their checksums are those of Go's checksum database. */
const MODULES = {
  kustomize: "sigs.k8s.io/kustomize/kustomize/v5@v5.6.0",
  helm: "helm.sh/helm/v3/cmd/helm@v3.17.3",
};
/** Package of PyPI with the schemas of all releases of Kubernetes. */
const VALIDATOR = "kubernetes-validate==1.37.0";

const FOLDER = ".cache/tools/kubernetes";

/** Paths of the programs. */
export interface KubernetesTools {
  readonly kustomize: string;
  readonly helm: string;
  readonly validate: string;
}

/** Builds and fetches the tools; it takes minutes, once. */
export async function kubernetesTools(): Promise<KubernetesTools> {
  const tools = {
    kustomize: resolve(FOLDER, "kustomize"),
    helm: resolve(FOLDER, "helm"),
    validate: resolve(FOLDER, "python/bin/kubernetes-validate"),
  };
  for (const name of ["kustomize", "helm"] as const) await goProgram(MODULES[name], tools[name]);
  await runStep({
    name: VALIDATOR,
    inputs: [],
    key: VALIDATOR,
    outputs: [`${FOLDER}/python/bin/kubernetes-validate`],
    make: async () => {
      await run("python3", ["-m", "venv", "--clear", `${FOLDER}/python`]);
      await run(`${FOLDER}/python/bin/pip`, ["-q", "install", VALIDATOR]);
    },
  });
  return tools;
}

/** Builds VictoriaMetrics, which receives metrics by OTLP; returns its path. */
export async function otlpReceiver(): Promise<string> {
  const path = resolve(FOLDER, "victoria-metrics");
  await goProgram(
    "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@v1.101.0",
    path,
  );
  return path;
}

/** Builds VictoriaLogs, which receives log lines by OTLP; returns its path. */
export async function logReceiver(): Promise<string> {
  const path = resolve(FOLDER, "victoria-logs");
  await goProgram("github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs@v1.108.1", path);
  return path;
}

/** Builds a program of a module of Go; see `MODULES`. */
async function goProgram(module: string, path: string): Promise<void> {
  await runStep({
    name: module,
    inputs: [],
    key: module,
    outputs: [path],
    make: () => replaceFile(path, (to) => compile(module, to)),
  });
}

async function compile(module: string, output: string): Promise<void> {
  const { go, root } = await findGo();
  // Kept: another version needs most of the same modules.
  const folder = resolve(".cache/go-programs");
  const bin = `${folder}/bin/${basename(output)}`;
  const env = {
    ...(root === undefined ? {} : { GOROOT: root }),
    ...{ GOPATH: folder, GOCACHE: `${folder}/cache`, GOBIN: bin, GOWORK: "off" },
    // Otherwise what was downloaded could not be removed.
    ...{ GOFLAGS: "-modcacherw", GOTOOLCHAIN: "local", CGO_ENABLED: "0" },
  };
  await run(go, ["install", "-trimpath", "-ldflags=-s -w", module], { env });
  for await (const { name } of Deno.readDir(bin)) await Deno.copyFile(`${bin}/${name}`, output);
}
