/**
 * `npm run conformance -- PATH`: loads a Panther repository, runs all its tests as `stakeout test` does, and says what came of
 * them. `--against panther` also compares what every function answers with Panther's own packages. Exit status 1 when a file
 * has a problem, a test fails, or a difference has no known cause.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { compareWithPanther } from "./against-panther.ts";
import { openCorpus, runCorpus } from "./corpus.ts";
import { type ConformanceReport, isConformant, renderReport } from "./report.ts";

const usage = `usage: npm run conformance -- PATH [--packages FOLDER] [--against panther] [--json]

  PATH                a checkout of panther-analysis, or any repository in Panther's format
  --packages FOLDER   where the lock of third-party packages is, made by stakeout python add; default: PATH
  --against panther   compare all outputs with Panther's own packages, in a virtual environment made at first use
  --json              print the report as JSON
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packages: { type: "string" },
      against: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [repository] = positionals;
  if (repository === undefined || positionals.length > 1 || (values.against ?? "panther") !== "panther") {
    process.stderr.write(usage);
    return 2;
  }
  const packages = values.packages === undefined ? undefined : resolve(values.packages);
  // Panther's tool looks for content in certain folders only where its path is the working folder.
  process.chdir(repository);
  const corpus = await runCorpus(await openCorpus(packages));
  const comparison =
    values.against === undefined ? undefined : await compareWithPanther((await openCorpus(packages)).plan);
  const report: ConformanceReport = { ...corpus, comparison };
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
  return isConformant(report) ? 0 : 1;
}

process.exitCode = await main();
