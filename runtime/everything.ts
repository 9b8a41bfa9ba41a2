/** All that the host has to offer a guest. */
import { extensionImports } from "./bpf/mod.ts";
import { Control } from "./control.ts";
import type { Features } from "./features.ts";
import { hostImports } from "./host_functions.ts";
import { ALL_FAMILIES } from "./wasi/mod.ts";

/** Every feature. */
export const EVERYTHING: Features = {
  wasiFamilies: ALL_FAMILIES,
  extension: extensionImports,
  control: (guest, options, interrupt) => new Control(guest, options, interrupt),
  hostImports,
};
