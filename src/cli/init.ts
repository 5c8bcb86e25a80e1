import { accessSync, constants, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative, resolve } from "node:path";

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
 * Makes a working folder with two rules, sample events and the types for an editor, then says what to try. Answers 0;
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
  for (const part of ["rules", "events"]) {
    const from = join(packageRoot, "examples", part);
    for (const name of readdirSync(from)) files.set(join(part, name), { from: join(from, name) });
  }
  files.set("tsconfig.json", { text: `${JSON.stringify(editorSettings(), null, 2)}\n` });
  files.set(".gitignore", { text: ignored });
  files.set("README.md", { text: readme(command) });
  return files;
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
      types: ["node"],
      typeRoots: [join(packageRoot, "node_modules/@types")],
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

function readme(command: string): string {
  return `# Detections

Rules are the TypeScript files in \`rules/\`, sample events are in \`events/\`. Try:

\`\`\`sh
${command} run --input events
${command} alerts list
${command} state list
\`\`\`

The first reads the events, asks the rules and prints the alerts; what the rules remember and how far each file has been
read is kept in \`stakeout.db\`, so running it again reads only what is new. The second shows the alerts again, the third
what the rules remember. Delete \`stakeout.db\` to start over.

To read your own events, name files or folders with \`--input\`. After changing a rule, \`${command} check\` reports mistakes
with file and line. Your editor knows the types of \`import … from "stakeout"\` through \`tsconfig.json\`, which names the
folder that Stakeout is installed in: correct the path there when that folder moves.
`;
}

function nextSteps(folder: string, command: string, { stdout }: CommandIo): string {
  const here = relative(process.cwd(), folder);
  const lines = [
    `Made a working folder in ${here === "" ? "." : here}: rules/, events/, tsconfig.json, README.md`,
    "",
    paint(stdout, "bold", "Next:"),
    ...(here === "" ? [] : [`  cd ${here}`]),
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
