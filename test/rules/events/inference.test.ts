import { beforeAll, describe, expect, test } from "vitest";

import { type Mistake, typeCheck, typesOf } from "./fixtures.ts";

describe("the event of a rule", () => {
  const cases: readonly (readonly [logTypes: string, expression: string, type: string])[] = [
    [`["AWS.CloudTrail"]`, "event", "CloudTrailEvent"],
    [`["AWS.CloudTrail"]`, "event.eventName", "string | undefined"],
    [`["AWS.CloudTrail"]`, "event.userIdentity?.arn", "string | undefined"],
    [
      `["AWS.CloudTrail"]`,
      "event.userIdentity?.sessionContext?.attributes?.mfaAuthenticated",
      "string | undefined",
    ],
    [`["AWS.CloudTrail"]`, "event.requestParameters?.roleArn", "any"],
    [`["AWS.CloudTrail"]`, "event.fieldOfNextYear.below", "any"],
    [`["AWS.CloudTrail"]`, "event.userIdentity?.fieldOfNextYear", "any"],
    [`["AWS.CloudTrail"]`, "event.p_event_time", "string"],
    [`["AWS.CloudTrail"]`, "event.p_any_ip_addresses", "readonly string[] | undefined"],
    [`["AWS.VPCFlow"]`, "event.dstPort", "number | undefined"],
    [`["AWS.S3ServerAccess"]`, "event.additionalFields", "readonly string[] | undefined"],
    [`["Okta.SystemLog"]`, "event.target?.[0]?.alternateId", "string | null | undefined"],
    [`["GitHub.Audit"]`, "event.repo", "string | null | undefined"],
    [`["GSuite.Reports"]`, "event.events?.[0]?.parameters?.[0]?.boolValue", "boolean | undefined"],
    [`["Nginx.Access"]`, "event.status", "number | undefined"],
    [`["AWS.CloudTrail", "Okta.SystemLog"]`, "event", "CloudTrailEvent | OktaSystemLogEvent"],
    [
      `["AWS.CloudTrail", "Okta.SystemLog"]`,
      `event.p_log_type === "Okta.SystemLog" ? event : 0`,
      "OktaSystemLogEvent | 0",
    ],
    [`["Acme.Gateway"]`, "event", "RuleEvent"],
    [`["Acme.Gateway"]`, "event.client.address", "any"],
    [`["AWS.CloudTrail", "Acme.Gateway"]`, "event", "CloudTrailEvent | RuleEvent"],
    [`["AWS.CloudTrail" as string]`, "event", "RuleEvent"],
  ];
  let types: readonly string[];
  beforeAll(async () => {
    types = await typesOf(cases.map(([logTypes, expression]) => ({ logTypes, expression })));
  });

  test.each(cases.map(([logTypes, expression, type], index) => ({ logTypes, expression, type, index })))(
    "of $logTypes: $expression is $type",
    ({ type, index }) => {
      expect(types[index]?.split(" | ").sort()).toEqual(type.split(" | ").sort());
    },
  );
});

describe("definitions", () => {
  const accepted: Readonly<Record<string, string>> = {
    functions: `defineRule({ ...cloudTrail,
      severity: (event) => (event.readOnly === true ? "low" : "high"),
      destinations: (event) => (event.awsRegion === "eu-central-1" ? ["berlin"] : null),
      alertContext: (event) => ({ who: event.userIdentity?.arn }),
      unique: (event) => event.sourceIPAddress,
    });`,
    annotatedRuleEvent: `defineRule({ ...cloudTrail, severity: (event: RuleEvent) => event.severity, title(event: RuleEvent) { return event.anything; } });`,
    annotatedEvent: `defineRule({ ...cloudTrail, title: (event: CloudTrailEvent) => event.eventName ?? "" });`,
    helperFunctions: `function who(event: RuleEvent): string { return event.userIdentity?.arn; }
      function where(event: EventOf<"AWS.CloudTrail">): string { return event.awsRegion ?? ""; }
      defineRule({ ...cloudTrail, title: (event) => who(event) + where(event) });`,
    ownEventType: `interface GatewayEvent extends RuleEvent { readonly client?: { readonly address: string } }
      defineRule({ id: "B", logTypes: ["Acme.Gateway"], severity: (event: GatewayEvent) => event.client?.address === "" ? "low" : "high",
        rule: (event: GatewayEvent) => event.client?.address === "192.0.2.1" });`,
    definitionAsValue: `const definition: RuleDefinition = { id: "C", logTypes: ["AWS.CloudTrail"], severity: "low", rule: (event) => event.anything.below };
      defineRule(definition);`,
    namesInVariables: `const names: string[] = []; defineRule({ id: "D", logTypes: names, severity: "low", rule: (event) => event.anything.below });`,
  };
  const refused: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
    wrongComparison: [
      `defineRule({ ...cloudTrail, rule: (event) => event.eventName === 4 });`,
      /'string \| undefined' and 'number' have no overlap/,
    ],
    missingField: [
      `defineRule({ ...cloudTrail, rule: (event) => event.userIdentity.type === "Root" });`,
      /'event.userIdentity' is possibly 'undefined'/,
    ],
    nullField: [
      `defineRule({ ...cloudTrail, rule: (event) => event.requestParameters.force === true });`,
      /'event.requestParameters' is possibly 'null' or 'undefined'/,
    ],
    assignment: [
      `defineRule({ ...cloudTrail, rule(event) { event.eventName = ""; return true; } });`,
      /'eventName' because it is a read-only property/,
    ],
    assignmentToUnknownField: [
      `defineRule({ ...cloudTrail, rule(event) { event.mark = ""; return true; } });`,
      /only permits reading/,
    ],
    titleThatCanBeMissing: [
      `defineRule({ ...cloudTrail, title: (event) => event.eventName });`,
      /'\(event: CloudTrailEvent\) => string \| undefined' is not assignable/,
    ],
    eventOfAnotherLogType: [
      `defineRule({ ...cloudTrail, title: (event: EventOf<"Okta.SystemLog">) => event.uuid ?? "" });`,
      /is not assignable to type/,
    ],
    answerThatIsNoBoolean: [
      `defineRule({ ...cloudTrail, rule: (event) => event.eventName });`,
      /is not assignable to type 'MaybePromise<boolean>'/,
    ],
    misspeltFunction: [`defineRule({ ...cloudTrail, titel: () => "" });`, /'titel' does not exist/],
  };
  const prologue = `import { defineRule, type CloudTrailEvent, type EventOf, type RuleDefinition, type RuleEvent } from "stakeout";
export type Used = CloudTrailEvent | EventOf<"AWS.CloudTrail"> | RuleEvent | RuleDefinition | typeof defineRule;
const cloudTrail = { id: "A", logTypes: ["AWS.CloudTrail"], severity: "low", rule: () => true } as const;
export const used = cloudTrail;
`;
  let mistakes: readonly Mistake[];
  beforeAll(async () => {
    const refusedTexts = Object.entries(refused).map(([name, [text]]): [string, string] => [name, text]);
    const texts = [...Object.entries(accepted), ...refusedTexts];
    mistakes = await typeCheck(Object.fromEntries(texts.map(([name, text]) => [name, prologue + text])));
  });

  test.each(Object.keys(accepted))("%s is accepted", (name) => {
    expect(mistakes.filter(({ file }) => file === name)).toEqual([]);
  });

  test.each(Object.entries(refused))("%s is refused", (name, [, message]) => {
    const [mistake, ...more] = mistakes.filter(({ file }) => file === name);
    expect(mistake?.message).toMatch(message);
    expect(mistake?.line).toBe(5);
    expect(more).toEqual([]);
  });
});
