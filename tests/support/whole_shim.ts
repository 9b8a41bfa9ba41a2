/**
 * Loads the shim, and compiles its frequent calls, for the life of the process. In test files that
 * import this, no library is loaded in the middle of a test, which would count as a leak.
 */
import { prepareFiles, settleShim } from "../../ffi/mod.ts";

prepareFiles();
settleShim();
