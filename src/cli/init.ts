import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { messageOf, StakeoutError } from "../core/errors.ts";
import { paint, type CommandIo } from "./io.ts";

export interface InitOptions {
  readonly dir: string;
  /** Overwrite files that are there. */
  readonly force: boolean;
}

/** A file of the new folder: copied from this package, or with this text. */
type Content = { readonly from: string } | { readonly text: string };

const packageRoot = resolve(import.meta.dirname, "../..");

/**
 * Makes a working folder with two rules, sample events and what an editor needs, then says what to try. Answers 0;
 * throws `OUTPUT_UNWRITABLE`, without having written anything, when files are in the way.
 */
export function initCommand({ dir, force }: InitOptions, io: CommandIo): number {
  const folder = resolve(dir);
  const command = commandName();
  const files = createFiles(command);
  const inTheWay = [...files.keys()].filter((name) => existsSync(join(folder, name)));
  if (inTheWay.length > 0 && !force) {
    throw new StakeoutError(
      "OUTPUT_UNWRITABLE",
      `${folder} already has ${inTheWay.join(", ")}. Nothing was written; --force overwrites them.`,
      { fields: { folder } },
    );
  }
  try {
    for (const [name, content] of files) writeFile(join(folder, name), content);
  } catch (error) {
    throw new StakeoutError("OUTPUT_UNWRITABLE", `Cannot fill ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  io.stdout.write(nextSteps(folder, command, io));
  return 0;
}

function createFiles(command: string): ReadonlyMap<string, Content> {
  const files = new Map<string, Content>();
  for (const part of ["rules", "events", "log-types"]) {
    const from = join(packageRoot, "examples", part);
    for (const name of readdirSync(from)) files.set(join(part, name), copyOf(join(from, name)));
  }
  files.set("tsconfig.json", { text: `${JSON.stringify(editorSettings(), null, 2)}\n` });
  files.set(".gitignore", { text: ignored });
  files.set("README.md", { text: readme(command) });
  return files;
}

function copyOf(file: string): Content {
  return file.endsWith(".yaml") ? { text: withSchemaOfPackage(readFileSync(file, "utf8")) } : { from: file };
}

/**
 * An example names its schema by a path that is right where it stands; elsewhere it takes a full one. A URL, because the
 * path must be without blanks there.
 */
function withSchemaOfPackage(text: string): string {
  return text.replace(/(?<=^# yaml-language-server: \$schema=)\S+$/m, (path) => {
    return pathToFileURL(join(packageRoot, "schemas", basename(path))).href;
  });
}

function writeFile(path: string, content: Content): void {
  mkdirSync(dirname(path), { recursive: true });
  if ("from" in content) cpSync(content.from, path);
  else writeFileSync(path, content.text);
}

/**
 * Settings under which an editor, or `tsc -p .`, knows what `stakeout` exports and accepts what the engine runs: files
 * that name each other with `.ts` and whose types can be stripped.
 */
function editorSettings(): object {
  const sources = join(packageRoot, "src/index.ts");
  const types = existsSync(sources) ? sources : join(packageRoot, "dist/index.d.ts");
  return {
    compilerOptions: {
      target: "esnext",
      lib: ["esnext"],
      module: "esnext",
      moduleResolution: "bundler",
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      ...nodeTypes(),
      paths: { stakeout: [types] },
    },
    include: ["rules"],
  };
}

const ignored = `# What runs leave behind
*.db
*.db-wal
*.db-shm
*.db-lock
*.jsonl
`;

/** Types of Node's own modules, where they are beside the engine: an installed package comes without them. */
function nodeTypes(): { readonly types: readonly string[]; readonly typeRoots?: readonly string[] } {
  const typeRoot = join(packageRoot, "node_modules/@types");
  return existsSync(join(typeRoot, "node")) ? { types: ["node"], typeRoots: [typeRoot] } : { types: [] };
}

function readme(command: string): string {
  return `# Detections

Rules are the TypeScript files in \`rules/\`, with tests beside them; sample events are in \`events/\`. Try:

\`\`\`sh
${command} test
${command} run --input events
${command} alerts list
${command} state list
\`\`\`

The first tests the rules on a clock of its own. The second reads the events, asks the rules and prints the alerts; what the
rules remember and how far each file has been read is kept in \`stakeout.db\`, so running it again reads only what is new.
The third shows the alerts again, the fourth what the rules remember. Delete \`stakeout.db\` to start over.

To read your own events, name files or folders with \`--input\`. After changing a rule, \`${command} check\` reports mistakes
with file and line. Your editor knows the types of \`import … from "stakeout"\` through \`tsconfig.json\`, which names the
folder that Stakeout is installed in, and checks YAML files by their first line, which names it too: correct these paths
when that folder moves.

\`log-types/\` shows how to describe a log of your own. \`${command} run --log-types-dir log-types\` uses what is in there.
`;
}

function nextSteps(folder: string, command: string, { stdout }: CommandIo): string {
  const here = relative(process.cwd(), folder);
  const lines = [
    `Made a working folder in ${here === "" ? "." : here}: rules/, events/, log-types/, tsconfig.json, README.md`,
    "",
    paint(stdout, "bold", "Next:"),
    ...(here === "" ? [] : [`  cd ${here}`]),
    `  ${command} test`,
    `  ${command} run --input events`,
    `  ${command} alerts list`,
    `  ${command} state list`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** What to type to get this program: its name where a shell finds it, else its path. */
function commandName(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => folder !== "" && isExecutable(join(folder, "stakeout")))
    ? "stakeout"
    : shellWord(join(packageRoot, "bin/stakeout"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
