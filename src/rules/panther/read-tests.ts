import type { JsonObject, JsonValue } from "../../core/json.ts";
import { describeValue } from "../describe-value.ts";
import type { DetectionKind, PantherMock, PantherTest } from "./content.ts";
import type { Fields } from "./fields.ts";
import { isList, isObject } from "./json-kind.ts";

const keysOfKind: Readonly<Record<DetectionKind, readonly string[]>> = {
  rule: ["Name", "ExpectedResult", "Log", "LogType", "Mocks", "ExpectedDestinations"],
  scheduled_rule: ["Name", "ExpectedResult", "Log", "LogType", "Mocks", "ExpectedDestinations"],
  policy: ["Name", "ExpectedResult", "Resource", "ResourceType", "Mocks"],
};

/** Reads `Tests`; `undefined` where there are none. `logType` is that of an event which does not name its own. */
export function readTests(
  fields: Fields,
  kind: DetectionKind,
  logType: string,
): readonly PantherTest[] | undefined {
  return fields.list("Tests")?.flatMap((test, index) => {
    const reader = new TestReader(fields, kind, index);
    return reader.read(test, logType) ?? [];
  });
}

class TestReader {
  readonly #fields: Fields;
  readonly #keys: readonly string[];
  readonly #eventKey: "Log" | "Resource";
  readonly #path: readonly (string | number)[];
  #name: string;

  constructor(fields: Fields, kind: DetectionKind, index: number) {
    this.#fields = fields;
    this.#keys = keysOfKind[kind];
    this.#eventKey = kind === "policy" ? "Resource" : "Log";
    this.#path = ["Tests", index];
    this.#name = `test ${index + 1}`;
  }

  read(test: JsonValue, logType: string): PantherTest | undefined {
    if (!isObject(test)) return this.#problem("", `must be a mapping, not ${describeValue(test)}`);
    const { Name: name, ExpectedResult: expected, Mocks: mocks = [] } = test;
    if (typeof name === "string") this.#name = `test ${JSON.stringify(name)}`;
    else this.#wrong("Name", "text", name);
    if (typeof expected !== "boolean") this.#wrong("ExpectedResult", "true or false", expected);
    this.#fields.unknownKeys(this.#keys, this.#path, test);
    const event = this.#event(test[this.#eventKey]);
    const answers = this.#mocks(mocks);
    if (typeof name !== "string" || typeof expected !== "boolean" || event === undefined) return undefined;
    const ownLogType = event.fields["p_log_type"];
    return {
      name,
      expected,
      ...event,
      logType: typeof ownLogType === "string" ? ownLogType : logType,
      mocks: answers,
      line: this.#fields.yaml.lineOf(this.#path),
    };
  }

  #event(event: JsonValue | undefined): { readonly json: string; readonly fields: JsonObject } | undefined {
    if (isObject(event)) {
      return { json: this.#fields.yaml.jsonOf([...this.#path, this.#eventKey]), fields: event };
    }
    const fields = typeof event === "string" ? parsedObject(event) : undefined;
    if (typeof event === "string" && fields !== undefined) return { json: event, fields };
    return this.#wrong(this.#eventKey, "a mapping, or text with a JSON object", event);
  }

  #mocks(mocks: JsonValue): readonly PantherMock[] {
    if (!isList(mocks)) {
      this.#wrong("Mocks", "a list", mocks);
      return [];
    }
    return mocks.flatMap((mock, index) => {
      const at = [...this.#path, "Mocks", index];
      const { objectName, returnValue } = isObject(mock) ? mock : {};
      if (typeof objectName === "string" && returnValue !== undefined) return [{ objectName, returnValue }];
      const missing = typeof objectName === "string" ? "returnValue" : "objectName";
      this.#fields.problem(
        at,
        `${this.#name}: a mock needs objectName and returnValue; ${missing} is missing`,
      );
      return [];
    });
  }

  #wrong(key: string, what: string, value: JsonValue | undefined): undefined {
    const message =
      value === undefined ? `${key} is missing` : `${key} must be ${what}, not ${describeValue(value)}`;
    return this.#problem(key, message);
  }

  #problem(key: string, message: string): undefined {
    const path = key === "" ? this.#path : [...this.#path, key];
    return this.#fields.problem(path, `${this.#name}: ${message}`);
  }
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
