export interface SampleLine {
  readonly series: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  /** By name, without the endings of a histogram's samples. */
  readonly families: ReadonlyMap<string, { readonly type: string; readonly help: string }>;
  readonly samples: readonly SampleLine[];
  /** Lines that break Prometheus' text format. */
  readonly problems: readonly string[];
  /** The value of one series. */
  readonly read: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined;
}

const namePattern = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const sampleLine = new RegExp(`^(${namePattern})(?:\\{(.*)\\})? (\\S+)$`);
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/g;

/** Reads Prometheus' text format as its specification has it, strictly. */
export function parseExposition(text: string): Exposition {
  const families = new Map<string, { type: string; help: string }>();
  const samples: SampleLine[] = [];
  const problems: string[] = [];
  let help: readonly [string, string] | undefined;
  let current = "";
  if (!text.endsWith("\n")) problems.push("the last line has no end");
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, kind = "", name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") help = [name, rest];
    else if (kind === "TYPE") {
      if (help?.[0] !== name || families.has(name)) problems.push(line);
      families.set(name, { type: rest, help: help?.[1] ?? "" });
      current = name;
    } else {
      const sample = parseSample(line);
      const { type = "" } = families.get(current) ?? {};
      if (sample === undefined || !belongs(sample.name, current, type)) problems.push(line);
      else samples.push(sample);
    }
  }
  const read: Exposition["read"] = (name, labels = {}) =>
    samples.find((sample) => sample.series === seriesOf(name, labels))?.value;
  return { families, samples, problems, read };
}

function parseSample(line: string): SampleLine | undefined {
  const [, name = "", pairs = "", number = ""] = sampleLine.exec(line) ?? [];
  // Numbers are read as Go reads them, which prom-client's "Nan" for a mean of nothing relies on.
  const isNumber = number !== "" && (/^[+-]?inf$|^nan$/i.test(number) || !Number.isNaN(Number(number)));
  const value = Number(number.replace(/inf$/i, "Infinity"));
  const labels = Object.fromEntries(
    [...pairs.matchAll(labelPair)].map(([, label = "", text = ""]) => [label, unescape(text)]),
  );
  const left = pairs.replaceAll(labelPair, "").replaceAll(",", "");
  if (name === "" || !isNumber || left !== "") return undefined;
  return { series: seriesOf(name, labels), name, labels, value };
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
  return name + JSON.stringify(sorted);
}

function belongs(name: string, family: string, type: string): boolean {
  const endings = { histogram: ["_bucket", "_sum", "_count"], summary: ["", "_sum", "_count"] }[type] ?? [""];
  return endings.some((ending) => name === family + ending);
}
