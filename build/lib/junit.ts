/** Numbers of tests by result. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Nothing counted yet. */
export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

/** The sum of two counts. */
export function add(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The last line of a test run: "N passed, N failed", and skipped ones when there are any. */
export function describe(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

/**
 * Counts the tests in a JUnit report as `deno test --junit-path` writes it, and names the files they are
 * in. In its text and attributes `<` is always escaped, so a tag is a tag.
 */
export function readJunit(xml: string): { counts: Counts; files: string[] } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, content = ""] of xml.matchAll(/<testcase\b[^>]*>(.*?)<\/testcase>/gs)) {
    if (/<(failure|error)\b/.test(content)) counts.failed++;
    else if (/<skipped\b/.test(content)) counts.skipped++;
    else counts.passed++;
  }
  const files = [...xml.matchAll(/<testsuite name="(?:\.\/)?([^"]*)"/g)].map(([, name = ""]) =>
    name
  );
  return { counts, files };
}
