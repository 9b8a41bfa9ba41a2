/** `wasm-bpf completion`: scripts that complete commands and options in a shell. */
import type { Command, CommandModule } from "./command.ts";
import { UsageError } from "../errors.ts";
import { type HelpPage, shownOptions } from "../args/help_text.ts";
import { parseCommandLine } from "../args/options.ts";
import { nearest } from "../../ffi/nearest.ts";
import { CATALOG_FORMS } from "../../oci/mod.ts";
import { type BoxTool, boxTools } from "../box/box.ts";
import { print } from "../terminal/output_file.ts";

/** Help of `completion`. */
const PAGE: HelpPage = {
  usage: ["completion SHELL"],
  about: "Prints a script that completes commands, options, tools of the box and installed tools.",
  arguments: { SHELL: "bash, zsh or fish" },
  options: {},
  notes: [
    'For bash: source <(wasm-bpf completion bash). For zsh: wasm-bpf completion zsh > "${fpath[1]}/' +
    '_wasm-bpf". For fish: wasm-bpf completion fish > ~/.config/fish/completions/wasm-bpf.fish.',
  ],
};

/** Command with its options. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionEntry[];
}

interface OptionEntry {
  /** `--name`, and `-n` if the option has a short form. */
  readonly forms: readonly string[];
  readonly help: string;
  /** True if the next word is its value. */
  readonly takesValue: boolean;
  readonly takesFile: boolean;
  readonly choices: readonly string[];
}

type Script = (entries: readonly Entry[], tools: readonly BoxTool[]) => string;

const SHELLS: Readonly<Record<string, Script>> = { bash, zsh, fish };

/** Command that takes the names of others, and has no page. */
const HELP = { name: "help", summary: "show the options of a command or tool" };

/** Commands whose arguments are installed tools. */
const ON_INSTALLED = ["uninstall", "upgrade"];

/**
 * Prints the names of installed tools, when a word is completed. Shells expand candidates, so each line
 * is compared with the form of a name again.
 */
const LIST = "command wasm-bpf list --quiet 2>/dev/null </dev/null";
const NAME_FORM = CATALOG_FORMS.name.source;

/** Returns the command that completes `commands`, itself among them. */
export function completionOf(commands: Readonly<Record<string, Command>>): CommandModule {
  return { PAGE, command: (args) => printScript(args, commands) };
}

async function printScript(
  args: string[],
  commands: Readonly<Record<string, Command>>,
): Promise<number> {
  const { rest: [shell, more] } = parseCommandLine(args, {}, { interleaved: true });
  const names = Object.keys(SHELLS);
  if (shell === undefined || more !== undefined) {
    throw new UsageError(
      "Cannot print a script: completion takes one shell",
      `pass one of ${names.join(", ")}`,
    );
  }
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (script === undefined) {
    const close = nearest(shell, names);
    throw new UsageError(
      `Unknown shell "${shell}"`,
      close === undefined ? `pass one of ${names.join(", ")}` : `did you mean ${close}?`,
    );
  }
  print(script(await entriesOf(commands), boxTools()));
  return 0;
}

async function entriesOf(commands: Readonly<Record<string, Command>>): Promise<Entry[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([name, { summary, load }]) => ({
      name,
      summary,
      options: optionsOf((await load()).PAGE),
    })),
  );
}

function optionsOf(page: HelpPage): OptionEntry[] {
  return shownOptions(page).map(([name, { short, argument, optional, help = "" }]) => ({
    forms: short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
    help,
    takesValue: argument !== undefined && optional !== true,
    takesFile: argument !== undefined && /FILE|HOST\[::/.test(argument),
    choices: argument?.includes("|") ? argument.split("|") : [],
  }));
}

const forms = (options: readonly OptionEntry[]) => options.flatMap(({ forms }) => forms);

/** Returns a `case` pattern of the options that take the next word as their value. */
function valuePattern(options: readonly OptionEntry[]): string {
  return forms(options.filter(({ takesValue }) => takesValue)).join("|") || "--";
}

function bash(entries: readonly Entry[], boxed: readonly BoxTool[]): string {
  const commands = [...entries, HELP].map(({ name }) => name);
  const tools = boxed.map(({ name }) => name);
  const cases = entries.map(({ name, options }) => {
    const choices = options.filter((option) => option.choices.length > 0).map((option) =>
      `\t\t${option.forms.join("|")}) COMPREPLY=($(compgen -W ${
        quote(option.choices.join(" "))
      } -- "$word")); return ;;`
    );
    return [
      `\t${name})`,
      `\t\tcase $previous in`,
      ...choices,
      `\t\t${valuePattern(options)}) COMPREPLY=($(compgen -f -- "$word")); return ;;`,
      `\t\tesac`,
      `\t\toptions=${quote(forms(options).join(" "))} ;;`,
    ].join("\n");
  });
  return `# bash completion of wasm-bpf
_wasm_bpf_installed() {
	local name
	while IFS= read -r name; do
		[[ $name =~ ${NAME_FORM} ]] && printf '%s ' "$name"
	done < <(${LIST})
}
_wasm_bpf() {
	local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=run options i
	local commands=${quote(commands.join(" "))} tools=${quote(tools.join(" "))} tool=
	for ((i = 1; i < COMP_CWORD; i++)); do
		case \${COMP_WORDS[i]} in
		${entries.map(({ name }) => name).join("|")}) command=\${COMP_WORDS[i]}; break ;;
		-*) ;;
		*) break ;;
		esac
	done
	case $command in
${cases.join("\n")}
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$word"))
		return
	fi
	case $command in
	${ON_INSTALLED.join("|")})
		COMPREPLY=($(compgen -W "$(_wasm_bpf_installed)" -- "$word"))
		return ;;
	run)
		if ((COMP_CWORD == 1)) || [[ $previous == help || $previous == run || $previous == -* ]]; then
			tools+=" $(_wasm_bpf_installed)"
		fi ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ " $tools " == *" \${COMP_WORDS[i]} "* ]] && tool=\${COMP_WORDS[i]}
	done
	if ((COMP_CWORD == 2)) && [[ $previous == help ]]; then
		COMPREPLY=($(compgen -W "$commands $tools" -- "$word"))
	elif ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "$commands $tools" -- "$word") $(compgen -f -- "$word"))
	elif [[ $command == run && -z $tool && ($previous == run || $previous == -*) ]]; then
		COMPREPLY=($(compgen -W "$tools" -- "$word") $(compgen -f -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -o filenames -F _wasm_bpf wasm-bpf`;
}

function zsh(entries: readonly Entry[], boxed: readonly BoxTool[]): string {
  const spec = ({ forms, help, takesValue, takesFile, choices }: OptionEntry, form: string) => {
    const others = forms.length > 1 ? `(${forms.join(" ")})` : "";
    const value = !takesValue
      ? ""
      : choices.length > 0
      ? `:value:(${choices.join(" ")})`
      : `:value:${takesFile ? "_files" : ""}`;
    return quote(`${others}${form}[${help.replaceAll(/[[\]:\\]/g, "\\$&")}]${value}`);
  };
  const cases = entries.map(({ name, options }) =>
    [
      `\t${name})`,
      `\t\t_arguments ${
        options.flatMap((option) => option.forms.map((form) => spec(option, form))).join(
          " \\\n\t\t\t",
        )
      } \\\n\t\t\t${name === "run" ? "'1:tool or module:_wasm_bpf_modules' " : ""}${
        ON_INSTALLED.includes(name) ? "'*:installed tool:_wasm_bpf_installed'" : "'*:file:_files'"
      } ;;`,
    ].join("\n")
  );
  const described = (rows: readonly { name: string; summary: string }[]) =>
    rows.map(({ name, summary }) => quote(`${name}:${summary}`)).join(" \\\n\t\t");
  return `#compdef wasm-bpf
_wasm_bpf_installed() {
	local name
	local -a installed
	for name in \${(f)"$(${LIST})"}; do
		[[ $name =~ '${NAME_FORM}' ]] && installed+=($name)
	done
	_describe 'installed tool' installed
}
_wasm_bpf_modules() {
	local -a tools=(${described(boxed)})
	_describe tool tools
	_wasm_bpf_installed
	_files
}
_wasm_bpf() {
	local command=run
	local -a commands=(${described([...entries, HELP])})
	if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
		_describe command commands
		_wasm_bpf_modules
		return
	fi
	if ((CURRENT == 3)) && [[ $words[2] == help ]]; then
		_describe command commands
		_wasm_bpf_modules
		return
	fi
	if (($+words[2])) && [[ " ${
    entries.map(({ name }) => name).join(" ")
  } " == *" $words[2] "* ]]; then
		command=$words[2]
		shift words
		((CURRENT--))
	fi
	case $command in
${cases.join("\n")}
	esac
}
compdef _wasm_bpf wasm-bpf`;
}

function fish(entries: readonly Entry[], boxed: readonly BoxTool[]): string {
  const names = entries.map(({ name }) => name).join(" ");
  const lines = entries.flatMap(({ name, summary, options }) => {
    const when = name === "run"
      ? `not __fish_seen_subcommand_from ${names}; or __fish_seen_subcommand_from run`
      : `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c wasm-bpf -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...options.map(({ forms: [long = "", short], help, takesValue, takesFile, choices }) =>
        [
          `complete -c wasm-bpf -n ${quote(when)} -l ${long.slice(2)}`,
          short === undefined ? "" : ` -s ${short.slice(1)}`,
          !takesValue
            ? ""
            : takesFile
            ? " -r -F"
            : choices.length > 0
            ? ` -x -a ${quote(choices.join(" "))}`
            : " -x",
          ` -d ${quote(help)}`,
        ].join("")
      ),
    ];
  });
  const add = (when: string, rows: readonly { name: string; summary: string }[]) =>
    rows.map(({ name, summary }) =>
      `complete -c wasm-bpf -n ${quote(when)} -a ${name} -d ${quote(summary)}`
    );
  const installed = (when: string, files = "") =>
    `complete -c wasm-bpf -n ${
      quote(when)
    }${files} -a '(__wasm_bpf_installed)' -d 'installed tool'`;
  return [
    "# fish completion of wasm-bpf",
    "function __wasm_bpf_installed",
    `\t${LIST} | string match -r ${quote(NAME_FORM)}`,
    "end",
    ...lines,
    installed("__fish_use_subcommand; or __fish_seen_subcommand_from run help"),
    installed(`__fish_seen_subcommand_from ${ON_INSTALLED.join(" ")}`, " -f"),
    ...add("__fish_use_subcommand", [HELP]),
    ...add("__fish_use_subcommand; or __fish_seen_subcommand_from run help", boxed),
    ...add("__fish_seen_subcommand_from help", entries),
  ].join("\n");
}

/** Quotes a word for all three shells; fish reads `\'` only outside of quotes, as the others do. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
