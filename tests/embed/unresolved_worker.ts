/** Runs a guest whose paths are resolved without any protection, in a confined thread. */
import { compileGuest } from "../../runtime/mod.ts";
import { runResolving } from "../support/resolving.ts";
import type { Preopen } from "../../runtime/run_options.ts";

/** What it is sent. */
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
