import { resolve } from "node:path";
import { PrivateApt } from "../steps/apt.ts";
import { run } from "../lib/process.ts";
import { fileState, runStep } from "../lib/step.ts";
import { fetchWitTools } from "../steps/wit_tools.ts";

/** The registry that tests start. */
export const REGISTRY = ".cache/tools/docker-registry/usr/bin/docker-registry";

/** Fetches the programs that tests run and that are not to be installed on the machine. */
export async function fetchTestTools(): Promise<void> {
  await fetchWitTools();
  await runStep({
    name: "docker-registry (Debian)",
    inputs: ["build/tasks/test_tools.ts", "build/steps/apt.ts"],
    outputs: [REGISTRY],
    // Installed, its package would start a service on port 5000, now and at each boot.
    make: () =>
      unpackPackages("docker-registry", { suite: "trixie", packages: ["docker-registry"] }),
  });
}

/** Programs of Debian's Prometheus, for the soak. */
export const PROMETHEUS = ".cache/tools/prometheus/usr/bin/prometheus";
export const PROMTOOL = ".cache/tools/prometheus/usr/bin/promtool";

/** Fetches Prometheus; installed, its package would start a service. */
export async function fetchPrometheus(): Promise<void> {
  await runStep({
    name: "prometheus (Debian)",
    inputs: ["build/steps/apt.ts"],
    outputs: [PROMETHEUS, PROMTOOL],
    make: () => unpackPackages("prometheus", { suite: "bookworm", packages: ["prometheus"] }),
  });
}

/** Unpacks Debian's packages into `.cache/tools/NAME`, separate from the system's. */
export async function unpackPackages(
  name: string,
  options: { suite: string; packages: readonly string[] },
): Promise<void> {
  const folder = resolve(".cache/tools", name);
  const unpacked = `${folder}.new`;
  for (const path of [folder, unpacked]) {
    if (fileState(path) !== undefined) await Deno.remove(path, { recursive: true });
  }
  await Deno.mkdir(unpacked, { recursive: true });
  const apt = await PrivateApt.open("deb", [options.suite]);
  for (const path of await apt.downloadPackages(options.packages, unpacked)) {
    await run("dpkg-deb", ["-x", path, unpacked]);
    await Deno.remove(path);
  }
  await Deno.rename(unpacked, folder);
}
