import { afterEach, describe, expect, test } from "vitest";
import { Evaluation } from "../../../src/state/evaluation.ts";
import { installEngineDate } from "../../../src/rules/typescript/engine-date.ts";
import type { StateOperations } from "../../../src/state/store.ts";

const engineMs = Date.UTC(2001, 1, 3, 4, 5, 6, 7);
const evaluation = new Evaluation({} as StateOperations);
const inEvaluation = <T>(run: () => T): T => {
  evaluation.begin("Test.Rule", { source: "test", stream: "1", offset: 0 }, engineMs);
  try {
    return run();
  } finally {
    evaluation.end();
  }
};

installEngineDate();
afterEach(() => evaluation.end());

describe("Date in an evaluation", () => {
  test("answers the engine clock from now, without arguments and as a function", () => {
    const seen = inEvaluation(() => [engineNow(), new Date().getTime(), Date.parse(callDate())]);
    expect(seen).toEqual([engineMs, engineMs, engineMs - 7]);
  });

  test("answers the engine clock to a subclass", () => {
    class Day extends Date {
      day(): number {
        return this.getUTCDate();
      }
    }
    const made = inEvaluation(() => new Day());
    expect(made).toBeInstanceOf(Day);
    expect(made.getTime()).toBe(engineMs);
    expect(made.day()).toBe(3);
  });

  test("answers the engine clock through the constructor of a date", () => {
    const made = inEvaluation(() => Reflect.construct(new Date(0).constructor as DateConstructor, []));
    expect((made as Date).getTime()).toBe(engineMs);
  });
});

test("outside an evaluation Date answers the machine's clock", () => {
  // Any time since this test was written, so that no clock has to be read twice.
  expect(engineNow()).toBeGreaterThan(engineMs + 20 * 365 * 86_400_000);
  expect(new Date().getTime()).toBeGreaterThan(engineMs + 20 * 365 * 86_400_000);
});

describe("the rest of Date", () => {
  test("makes dates from text, numbers, parts and dates", () => {
    expect(new Date("2023-07-10T11:22:33Z").getTime()).toBe(1_688_988_153_000);
    expect(new Date(5).getTime()).toBe(5);
    expect(new Date(new Date(5)).getTime()).toBe(5);
    expect(new Date(2020, 1).getMonth()).toBe(1);
    expect(new Date(2020, 1, 2, 3, 4, 5, 6).getMilliseconds()).toBe(6);
    expect(Number.isNaN(new Date("never").getTime())).toBe(true);
    expect(Number.isNaN(new Date(undefined as unknown as number).getTime())).toBe(true);
  });

  test("keeps its static functions, name and length", () => {
    expect(Date.UTC(1970, 0, 2)).toBe(86_400_000);
    expect(Date.parse("1970-01-02T00:00:00Z")).toBe(86_400_000);
    expect(Date.name).toBe("Date");
    expect(Date.length).toBe(7);
  });

  test("recognises dates, whoever made them", () => {
    expect(new Date(0)).toBeInstanceOf(Date);
    expect(structuredClone(new Date(7))).toBeInstanceOf(Date);
    expect(structuredClone(new Date(7)).getTime()).toBe(7);
    expect(Object.prototype.toString.call(new Date(0))).toBe("[object Date]");
    expect(JSON.stringify(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
  });

  test("is replaced only once", () => {
    const replaced = Date;
    installEngineDate();
    expect(Date).toBe(replaced);
  });
});

function engineNow(): number {
  // oxlint-disable-next-line eslint/no-restricted-properties -- the replaced clock is what is tested
  return Date.now();
}

function callDate(): string {
  // oxlint-disable-next-line unicorn/new-for-builtins -- a call without new is what is tested
  return Date();
}
