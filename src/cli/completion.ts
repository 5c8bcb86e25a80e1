import type { Argument, Command, Option } from "commander";

export type Shell = "bash" | "zsh" | "fish";

/** One command with what can follow it; `path` is empty for the program itself. */
interface Node {
  readonly path: string;
  readonly commands: readonly Command[];
  readonly options: readonly Option[];
  /** What its arguments may be, where that is known. */
  readonly choices: readonly string[];
}

/** Values of these are files, in options and in arguments alike. */
const filePlaceholders = /^(path|file|dir)$/;

/** A script for a shell that completes the commands and options of a program, the values with a choice, and files. */
export function completionScript(shell: Shell, program: Command): string {
  const nodes = nodesOf(program, "");
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](nodes);
}

function nodesOf(command: Command, path: string): readonly Node[] {
  const choices = command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []);
  const node = {
    path,
    commands: command.commands,
    options: command.createHelp().visibleOptions(command),
    choices,
  };
  const below = command.commands.flatMap((each) => nodesOf(each, `${path} ${each.name()}`.trim()));
  return [node, ...below];
}

function isFile(option: Option): boolean {
  return filePlaceholders.test(/[<[](\w+)/.exec(option.flags)?.[1] ?? "");
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function flagsOf(option: Option): readonly string[] {
  return [option.short, option.long].filter((flag) => flag !== undefined);
}

function wordsOf({ commands, options, choices }: Node): string {
  return [...commands.map((command) => command.name()), ...choices, ...options.flatMap(flagsOf)].join(" ");
}

/** What both shells of the Bourne family need: which words are commands, what follows an option, what a command takes. */
function cases(nodes: readonly Node[], { values, files, words }: CaseLines): readonly string[] {
  const commandWords = nodes
    .filter(({ path }) => path !== "")
    .map(({ path }) => {
      const parts = path.split(" ");
      return `"${parts.slice(0, -1).join(" ")}|${parts.at(-1)}"`;
    });
  const optionCases = nodes.flatMap(({ path, options }) =>
    options.filter(takesValue).map((option) => {
      const pattern = flagsOf(option)
        .map((flag) => `"${path}|${flag}"`)
        .join("|");
      return `    ${pattern}) ${isFile(option) ? files : values((option.argChoices ?? []).join(" "))}; return ;;`;
    }),
  );
  const wordCases = nodes.map((node) => `    "${node.path}") ${words(wordsOf(node))} ;;`);
  return [
    '  local node="" word',
    '  for word in "${before[@]}"; do',
    `    case "$node|$word" in ${commandWords.join("|")}) node="\${node:+$node }$word" ;; esac`,
    "  done",
    '  case "$node|$previous" in',
    ...optionCases,
    "  esac",
    '  case "$node" in',
    ...wordCases,
    "  esac",
  ];
}

interface CaseLines {
  readonly values: (words: string) => string;
  readonly files: string;
  readonly words: (words: string) => string;
}

function compgen(words: string): string {
  return `COMPREPLY=($(compgen -W "${words}" -- "$current"))`;
}

function bashScript(nodes: readonly Node[]): string {
  const lines = [
    "_stakeout() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
    '  local before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")',
    "  COMPREPLY=()",
    ...cases(nodes, { values: compgen, files: "compopt -o default", words: compgen }),
    "  # Nothing of ours fits: files.",
    '  if [ ${#COMPREPLY[@]} -eq 0 ] && [[ "$current" != -* ]]; then compopt -o default; fi',
    "}",
    "complete -F _stakeout stakeout",
  ];
  return `${lines.join("\n")}\n`;
}

function compadd(words: string): string {
  return words === "" ? ":" : `compadd -- ${words}`;
}

function zshScript(nodes: readonly Node[]): string {
  const lines = [
    "#compdef stakeout",
    "_stakeout() {",
    '  local previous="${words[CURRENT-1]}"',
    '  local -a before=("${(@)words[2,CURRENT-1]}")',
    ...cases(nodes, { values: compadd, files: "_files", words: compadd }),
    '  [[ "${words[CURRENT]}" == -* ]] || _files',
    "}",
    'if [ "$funcstack[1]" = "_stakeout" ]; then _stakeout "$@"; else compdef _stakeout stakeout; fi',
  ];
  return `${lines.join("\n")}\n`;
}

function fishScript(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options, choices }) => {
    const condition = `-n '${fishCondition(path, commands)}'`;
    return [
      ...commands.map(
        (command) =>
          `complete -c stakeout -f ${condition} -a ${command.name()} -d ${quote(command.description())}`,
      ),
      ...choices.map((choice) => `complete -c stakeout -f ${condition} -a ${choice}`),
      ...options.map(
        (option) => `complete -c stakeout ${condition} ${fishOption(option)} -d ${quote(option.description)}`,
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

/** True on the command line of this command and before one of those below it. */
function fishCondition(path: string, below: readonly Command[]): string {
  const seen = path === "" ? [] : path.split(" ").map((name) => `__fish_seen_subcommand_from ${name}`);
  const names = below.map((command) => command.name()).join(" ");
  return [...seen, ...(names === "" ? [] : [`not __fish_seen_subcommand_from ${names}`])].join("; and ");
}

function fishOption(option: Option): string {
  const short = option.short === undefined ? "" : `-s ${option.short.slice(1)} `;
  const value = isFile(option) ? " -r -F" : " -x";
  const choices = option.argChoices === undefined ? "" : ` -a ${quote(option.argChoices.join(" "))}`;
  return `${short}-l ${(option.long ?? "").slice(2)}${takesValue(option) ? value + choices : ""}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
