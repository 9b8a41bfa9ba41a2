/** `oras`, another client for registries and layouts. */
import { buildOras } from "../../build/oras.ts";

/** Its path, or why it is not there. */
export const ORAS: { path: string } | { missing: string } = await find();

async function find(): Promise<{ path: string } | { missing: string }> {
  const path = await buildOras();
  return path === undefined ? { missing: "there is no Go to build oras with" } : { path };
}
