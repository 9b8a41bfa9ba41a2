// deno-lint-ignore-file no-console
import { compileGuest, GuestTrap, runGuest } from "../../runtime/mod.ts";

const path = "dist/examples/bootstrap/bootstrap.wasm";
const guest = compileGuest(await Deno.readFile(path), "bootstrap");
let output = "";
const decoder = new TextDecoder();
try {
  const code = runGuest(guest, {
    args: ["bootstrap", "-h"],
    stdio: { stdout: (bytes) => void (output += decoder.decode(bytes)) },
    onError: (error) => console.error(error.message, error.hint ?? ""),
  });
  console.log("exit code", code);
  console.log(output.split("\n")[0]);
} catch (error) {
  if (!(error instanceof GuestTrap)) throw error;
  console.error(error.message, error.detail);
}
