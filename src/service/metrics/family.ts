import type { ServiceStatus } from "../status.ts";

/** Labels of one sample. Their values are names of the configuration and ids of rules, so there are as many as of those. */
export type Labels = Readonly<Record<string, string>>;

export type Sample = readonly [labels: Labels, value: number];

/** Counts of how many took at most so many seconds, with the count and sum of all. */
export interface Distribution {
  readonly buckets: readonly (readonly [seconds: number, count: number])[];
  readonly count: number;
  readonly seconds: number;
}

/** One metric: its name with the unit in it, what it tells, and how to read it from a status. */
export type Family =
  | {
      readonly type: "counter" | "gauge";
      readonly name: string;
      readonly help: string;
      readonly labels: readonly string[];
      readonly read: (status: ServiceStatus) => readonly Sample[];
    }
  | {
      readonly type: "histogram";
      readonly name: string;
      readonly help: string;
      readonly read: (status: ServiceStatus) => Distribution;
    };

type NumberOf = (status: ServiceStatus) => number | undefined;

/** A metric of a single value without labels; left out while the value is `undefined`. */
export function single(
  type: "counter" | "gauge",
  [name, help]: readonly [string, string],
  read: NumberOf,
): Family {
  return {
    type,
    name,
    help,
    labels: [],
    read: (status) => {
      const value = read(status);
      return value === undefined ? [] : [[{}, value]];
    },
  };
}

/** Where the values of one label come from: a source, a destination, a rule. */
export interface Items<Item> {
  readonly label: string;
  readonly list: (status: ServiceStatus) => readonly Item[];
  readonly nameOf: (item: Item) => string;
}

/** A metric with a value for each of several items; those whose value is `undefined` are left out. */
export function each<Item>(
  items: Items<Item>,
  type: "counter" | "gauge",
  [name, help, read]: readonly [string, string, (item: Item) => number | undefined],
): Family {
  const { label, list, nameOf } = items;
  return {
    type,
    name,
    help,
    labels: [label],
    read: (status) =>
      list(status).flatMap((item): readonly Sample[] => {
        const value = read(item);
        return value === undefined ? [] : [[{ [label]: nameOf(item) }, value]];
      }),
  };
}

/** A metric with a value for each of several items and each name of a record of theirs. */
export function eachOf<Item>(
  items: Items<Item>,
  [name, help, second]: readonly [string, string, string],
  read: (item: Item) => Readonly<Record<string, number>>,
): Family {
  const { label, list, nameOf } = items;
  return {
    type: "counter",
    name,
    help,
    labels: [label, second],
    read: (status) =>
      list(status).flatMap((item) =>
        Object.entries(read(item)).map(([key, value]): Sample => [
          { [label]: nameOf(item), [second]: key },
          value,
        ]),
      ),
  };
}
