/** The table in `examples/README.md` is what `./dev sizes` would write. */
import assert from "node:assert/strict";
import { findExamples, LANGUAGES } from "../../build/tasks/examples.ts";
import { measureSizes, readSizes } from "../../build/tasks/sizes.ts";

/**
 * Another patch release of a compiler may turn the last digit. Go's own runtime is nearly all of a module
 * in Go, and each release has another.
 */
const toleranceKb = (language: string, sizeKb: number) => language === "go" ? sizeKb / 5 : 1;

const HINT = "run ./dev sizes";

Deno.test("examples/README.md lists every example with its languages", () => {
  const shape = (rows: ReturnType<typeof readSizes>) =>
    rows.map(({ name, shows, sizesKb }) => ({ name, shows, languages: Object.keys(sizesKb) }));
  assert.deepEqual(shape(readSizes()), shape(measureSizes()), HINT);
});

Deno.test("examples/README.md has the sizes of the modules as they are", () => {
  const written = new Map(readSizes().map(({ name, sizesKb }) => [name, sizesKb]));
  for (const { name, sizesKb } of measureSizes()) {
    for (const [language, size] of Object.entries(sizesKb)) {
      const stated = written.get(name)?.[language as keyof typeof sizesKb] ?? NaN;
      assert.ok(
        Math.abs(stated - size) <= toleranceKb(language, size),
        `${name} in ${language} has ${size} kB, not ${stated}: ${HINT}`,
      );
    }
  }
});

Deno.test("each example is built in every language it has a folder for", () => {
  const built = new Map(measureSizes().map(({ name, sizesKb }) => [name, Object.keys(sizesKb)]));
  for (const { name, languages } of findExamples()) {
    const expected = languages.filter((language) => LANGUAGES[language].build !== undefined);
    assert.deepEqual(built.get(name), expected);
  }
});

Deno.test("bootstrap is as small as documented", () => {
  const sizesKb = measureSizes().find(({ name }) => name === "bootstrap")?.sizesKb ?? {};
  for (const [language, limitKb] of [["c", 60], ["rust", 200], ["assemblyscript", 30]] as const) {
    assert.ok((sizesKb[language] ?? Infinity) < limitKb, language);
  }
});
