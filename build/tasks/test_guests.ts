import { basename, join } from "node:path";
import { writeDocExamples } from "../steps/doc_examples.ts";
import {
  buildCGuests,
  filesIn,
  type GuestFolder,
  guestFolders,
  publishObjects,
} from "../steps/guests.ts";
import { buildObjectCorpus } from "../steps/objects.ts";
import { buildGoGuest } from "../steps/go.ts";
import { assemble } from "../steps/pump.ts";
import { buildRustGuest, hasRust } from "../steps/rust.ts";
import { buildGatesShim } from "../steps/shim.ts";
import { runStep, writeFile } from "../lib/step.ts";
import { buildWasiSuite, WASI_SUITE } from "../steps/wasi_suite.ts";

/** Quick to compile, with a table for callbacks. */
const TEST_OPTIONS = ["-O", "-C", "link-args=--export-table"];

/** Builds the guests that only tests run: in C, Rust, Go and WebAssembly text, whatever their folder holds. */
export async function buildTestGuests(): Promise<void> {
  await buildGatesShim();
  await buildWasiSuite();
  await writeDocExamples();
  await buildObjectCorpus();
  for (const folder of guestFolders("tests/guests", "dist/tests")) {
    if (folder.path === WASI_SUITE) continue;
    await buildCGuests(folder);
    publishObjects(folder);
    await assembleGuests(folder);
    await buildRustGuests(folder);
    await buildGoGuests(folder);
  }
}

async function assembleGuests(folder: GuestFolder): Promise<void> {
  for (const source of filesIn(folder, ".wat")) {
    const output = moduleOf(folder, source);
    await runStep({
      name: source,
      inputs: [source, "build/steps/pump.ts"],
      outputs: [output],
      make: async () => writeFile(output, await assemble(source)),
    });
  }
}

async function buildRustGuests(folder: GuestFolder): Promise<void> {
  if (!hasRust()) return;
  for (const source of filesIn(folder, ".rs")) {
    const output = moduleOf(folder, source);
    await buildRustGuest({ source, objects: folder.objects, output, options: TEST_OPTIONS });
  }
}

async function buildGoGuests(folder: GuestFolder): Promise<void> {
  if (filesIn(folder, ".go").length === 0) return;
  const output = join(folder.output, `${basename(folder.path)}.wasm`);
  await buildGoGuest({ path: folder.path, objects: folder.objects, output });
}

function moduleOf(folder: GuestFolder, source: string): string {
  return join(folder.output, basename(source).replace(/\.\w+$/, ".wasm"));
}
