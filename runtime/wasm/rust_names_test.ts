import assert from "node:assert/strict";
import { readableName } from "./rust_names.ts";

Deno.test("readableName() returns the path of a function in Rust", () => {
  const names = {
    "_ZN1t7deepest17hf6e6e077ecf7f3bdE": "t::deepest",
    "_ZN3std9panicking19begin_panic_handler28_$u7b$$u7b$closure$u7d$$u7d$17h8ef066ac4d1e7406E":
      "std::panicking::begin_panic_handler::{{closure}}",
    "_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE":
      "<alloc::string::String as core::fmt::Display>::fmt",
    "_ZN1t4main17h0c3fc96c115e0d27E.llvm.123": "t::main",
  };
  for (const [symbol, name] of Object.entries(names)) assert.equal(readableName(symbol), name);
});

Deno.test("readableName() leaves other names as they are", () => {
  const others = [
    ...["", "main", "main/deepest", "runtime.main", "_ZN3foo3barEv", "_ZN3foo3barE"],
    ...["_ZN99tE", "_ZN1t17hf6e6e077ecf7f3bd", "_ZN17hf6e6e077ecf7f3bdE", "_ZN1t9999999xE"],
  ];
  for (const name of others) assert.equal(readableName(name), name);
  const beyond = "_ZN9$uffffff$17hf6e6e077ecf7f3bdE";
  assert.equal(readableName(beyond), "$uffffff$");
});
