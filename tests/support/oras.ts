/** `oras`, another client of registries and layouts. */
import { buildOras } from "../../build/steps/oras.ts";

/** Path of oras, or the reason why it is missing. */
export const ORAS: { path: string } | { missing: string } = await buildOras();
