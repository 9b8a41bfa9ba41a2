/**
 * Loads the shim and compiles what is called often, for the life of the process: whoever imports this sees
 * no library loaded in the middle of a test, which would count as a leak of the test's.
 */
import { prepareFiles, settleShim } from "../../ffi/mod.ts";

prepareFiles();
settleShim();
