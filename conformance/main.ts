/**
 * `npm run conformance -- PATH`: loads a Panther repository, runs all its tests as `stakeout test` does, and says what came of
 * them. `--against panther` also compares what every function answers with Panther's own packages. Exit status 1 when a file
 * has a problem, a test fails, or a difference has no known cause.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { messageOf } from "../src/core/errors.ts";
import { compareWithPanther } from "./against-panther.ts";
import { openCorpus, runCorpus } from "./corpus.ts";
import { type ConformanceReport, isConformant, renderReport } from "./report.ts";

const usage = `usage: npm run conformance -- PATH [--packages FOLDER] [--against panther] [--json]

  PATH                a checkout of panther-analysis, or any repository in Panther's format
  --packages FOLDER   where the lock of third-party packages is, made by stakeout python add; default: PATH
  --against panther   compare all outputs with Panther's own packages, in a virtual environment made at first use
  --json              print the report as JSON
`;

interface Options {
  readonly repository: string;
  /** Absolute. */
  readonly packages: string | undefined;
  readonly againstPanther: boolean;
  readonly json: boolean;
}

/** The options of the command line; text that says what is wrong with them. */
function readOptions(): Options | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        packages: { type: "string" },
        against: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const { packages, against, json } = values;
    const [repository] = positionals;
    if (repository === undefined || positionals.length > 1) return "name one folder";
    if (!statSync(repository, { throwIfNoEntry: false })?.isDirectory())
      return `${repository} is not a folder`;
    if (against !== undefined && against !== "panther") return `--against: ${against} is not known`;
    return {
      repository,
      packages: packages === undefined ? undefined : resolve(packages),
      againstPanther: against !== undefined,
      json,
    };
  } catch (error) {
    return messageOf(error);
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    process.stderr.write(`conformance: ${options}\n\n${usage}`);
    return 2;
  }
  const { repository, packages, againstPanther, json } = options;
  // Panther's tool looks for content in certain folders only where its path is the working folder.
  process.chdir(repository);
  const corpus = await runCorpus(await openCorpus(packages));
  const comparison = againstPanther ? await compareWithPanther((await openCorpus(packages)).plan) : undefined;
  const report: ConformanceReport = { ...corpus, comparison };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
  return isConformant(report) ? 0 : 1;
}

process.exitCode = await main();
