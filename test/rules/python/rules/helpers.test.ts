import { zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";

import { newEvaluation, position, startMs } from "../../../state/fixtures.ts";
import { eventOf, withPythonRules } from "./fixtures.ts";

const file = withPythonRules();
const event = eventOf({});

/** Adds a helper module whose file is called `/helpers/NAME.py`. */
function addHelper(name: string, source: string): boolean {
  return file().rules.addHelper(name, { path: `/helpers/${name}.py`, source });
}

describe("helpers of a repository", () => {
  test("are imported by their name, by rules and by each other", () => {
    addHelper("my_base", "def answer():\n    return 42\n");
    addHelper("my_helpers", "from my_base import answer\n\ndef double():\n    return 2 * answer()\n");
    expect(file().shows("__import__('my_helpers').double()", event)).toBe("84");
  });

  test("run once for all rules that import them", () => {
    addHelper("my_counter", "COUNT = []\nCOUNT.append(1)\n");
    expect(file().shows("len(__import__('my_counter').COUNT)", event)).toBe("1");
    expect(file().shows("len(__import__('my_counter').COUNT)", event)).toBe("1");
  });

  test("take the place of the engine's general helpers", () => {
    addHelper("panther_base_helpers", "def deep_get(*_):\n    return 'own'\n");
    expect(file().shows("__import__('panther_base_helpers').deep_get({}, 'a')", event)).toBe("'own'");
  });

  test.each(["panther_core", "panther_detection_helpers", "boto3", "stakeout_state", "stakeout_engine"])(
    "do not take the place of %s",
    (name) => {
      expect(addHelper(name, "x = 1\n")).toBe(false);
    },
  );

  test("that bring their own state functions get the engine's in their place, and keep the rest", () => {
    addHelper(
      "panther_oss_helpers",
      "import boto3\n\ndef increment_counter(key, val=1):\n    return boto3.resource('dynamodb').Table('x').update_item()\n\ndef twice(key):\n    increment_counter(key)\n    return increment_counter(key)\n",
    );
    const { rules, load } = file();
    const number = load(
      "from panther_oss_helpers import twice\n\ndef rule(event):\n    return twice('old') == 2\n",
    );
    const evaluation = newEvaluation();
    evaluation.begin(`Rule.${number}`, position, startMs);
    try {
      expect(rules.ask(number, event)).toBe(true);
    } finally {
      evaluation.end();
    }
  });

  test("that raise when they are imported fail the rules that import them, with their own line", () => {
    addHelper("my_broken", "x = 1\ny = x.z\n");
    expect(() => file().load("import my_broken\n\ndef rule(event):\n    return True\n")).toThrow(
      expect.objectContaining({
        name: "AttributeError",
        failure: expect.objectContaining({ file: "/helpers/my_broken.py", line: 2 }) as unknown,
      }) as Error,
    );
  });
});

describe("packages", () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const wheel = zipSync({
    "my_package/__init__.py": text(
      "import os\nfrom my_package.inner import VALUE\n\ndef data():\n    with open(os.path.join(os.path.dirname(__file__), 'data.json')) as file:\n        return file.read()\n",
    ),
    "my_package/inner.py": text("VALUE = 7\n"),
    "my_package/data.json": text("[1]"),
    "my_single.py": text("VALUE = 8\n"),
    "my_package-1.0.dist-info/METADATA": text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n"),
  });
  beforeAll(() => file().rules.addWheel(wheel));

  test("are imported from their wheel, with the files beside their modules", () => {
    expect(file().shows("__import__('my_package').VALUE", event)).toBe("7");
    expect(file().shows("__import__('my_package').data()", event)).toBe("'[1]'");
    expect(file().shows("__import__('my_single').VALUE", event)).toBe("8");
  });

  test("that are not there are an import error", () => {
    expect(file().shows("__import__('my_other_package')", event)).toBe(
      "ModuleNotFoundError: No module named 'my_other_package'",
    );
  });
});
