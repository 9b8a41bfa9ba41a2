/** Runs a guest in a confined thread without protected path resolution. */
import { compileGuest } from "../../runtime/mod.ts";
import { runResolving } from "../support/resolving.ts";
import type { Preopen } from "../../runtime/run_options.ts";

/** Message that starts the worker. */
export interface UnresolvedJob {
  bytes: Uint8Array<ArrayBuffer>;
  args: string[];
  preopens: Preopen[];
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<UnresolvedJob>) => void;
  postMessage(text: string): void;
  close(): void;
};

scope.onmessage = ({ data: { bytes, args, preopens } }) => {
  const sandbox = { isRequired: true, isAlone: false };
  scope.postMessage(
    runResolving(compileGuest(bytes, "escape"), args, { preopens, resolve: 0, sandbox }),
  );
  scope.close();
};
