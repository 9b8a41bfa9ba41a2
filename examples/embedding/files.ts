// deno-lint-ignore-file no-console
import { compileGuest, GrantError, runGuest } from "../../runtime/mod.ts";

/** A module that prints the file `greeting` of its first folder, and then its standard input. */
const bytes = Uint8Array.from(
  atob(
    "AGFzbQEAAAABHQRgCX9/f39/fn5/fwF/YAR/f39/AX9gAX8AYAAAAmcDFndhc2lfc25hcHNob3RfcHJldmlldzEJcGF0" +
      "aF9vcGVuAAAWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQdmZF9yZWFkAAEWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQhmZF93" +
      "cml0ZQABAwMCAgMFAwEAAQcTAgZtZW1vcnkCAAZfc3RhcnQABAphAjwAA0BBEEGACDYCAEEUQYAgNgIAIABBEEEBQRgQ" +
      "ARpBFEEYKAIANgIAQQFBEEEBQRwQAhpBGCgCAA0ACwsiAEEDQQBBAEEIQQBCAkIAQQBBIBAAGkEgKAIAEANBABADCwsO" +
      "AQBBAAsIZ3JlZXRpbmc=",
  ),
  (character) => character.charCodeAt(0),
);
const guest = compileGuest(bytes, "greeter");

const folder = await Deno.makeTempDir();
await Deno.writeTextFile(`${folder}/greeting`, "Hello, ");
const code = runGuest(guest, {
  // It can read what is in the folder, and change nothing.
  preopens: [{ host: folder, guest: "/data", readOnly: true }],
  stdio: { stdin: new TextEncoder().encode("reader.\n") },
});
console.log("exit code", code);
await Deno.remove(folder, { recursive: true });

try {
  runGuest(guest, { preopens: [{ host: folder, guest: "/data" }] });
} catch (error) {
  if (!(error instanceof GrantError)) throw error;
  console.log(error.code);
}
