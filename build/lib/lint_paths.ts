/**
 * Lint rule: owner and mode are set on open files, never by path.
 *
 * Between a file's making and the second use of its name, another user can put a link in its place.
 */

const BY_PATH = /^l?ch(mod|own)(Sync)?$/;

/** Tests, benchmarks and the build run in folders of the developer's. */
const EXEMPT = /(_test\.ts$|\/(tests|bench|build)\/[^]*$)/;

const MESSAGE = "Sets owner or mode by path: use OpenFile.own() of oci/paths on the open file";

type Name = Deno.lint.Identifier | Deno.lint.PrivateIdentifier | Deno.lint.Expression;

/** Plugin of `deno lint`. */
const plugin: Deno.lint.Plugin = {
  name: "wasm-bpf",
  rules: {
    "no-owner-by-path": {
      create(context) {
        if (EXEMPT.test(context.filename)) return {};
        const check = (node: Name, name: string | undefined) => {
          if (name !== undefined && BY_PATH.test(name)) context.report({ node, message: MESSAGE });
        };
        return {
          MemberExpression: ({ property }) => check(property, nameOf(property)),
          ImportSpecifier: ({ imported }) => check(imported, nameOf(imported)),
          Property: ({ key, parent }) => {
            if (parent.type === "ObjectPattern") check(key, nameOf(key));
          },
        };
      },
    },
  },
};

export default plugin;

function nameOf(node: Name): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral") return node.quasis.map(({ cooked }) => cooked).join("");
  return undefined;
}
