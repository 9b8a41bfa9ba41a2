/** `oras`, another client for registries and layouts. */
import { buildOras } from "../../build/steps/oras.ts";

/** Its path, or why it is not there. */
export const ORAS: { path: string } | { missing: string } = await buildOras();
