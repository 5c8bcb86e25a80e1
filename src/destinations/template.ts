import type { Alert } from "../core/alert.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";

const alertFields: Readonly<Record<keyof Alert, true>> = {
  id: true,
  status: true,
  ruleId: true,
  ruleName: true,
  title: true,
  severity: true,
  dedup: true,
  logType: true,
  description: true,
  reference: true,
  runbook: true,
  tags: true,
  reports: true,
  destinations: true,
  threshold: true,
  matchCount: true,
  uniqueCount: true,
  uniqueEstimated: true,
  firstEventTime: true,
  lastEventTime: true,
  windowStart: true,
  windowEnd: true,
  createdAt: true,
  context: true,
  summary: true,
  events: true,
  eventsOmitted: true,
  position: true,
};

/**
 * A JSON value made from a template and an alert. `{{path}}` in a string stands for a field (`{{title}}`, `{{context.user}}`,
 * `{{events.0.eventName}}`): a string that is nothing else becomes the value itself, `null` where it is missing; within other
 * text a value is written as text, objects and lists as JSON, and a missing one or `null` as nothing. Keys are left alone.
 */
export function renderTemplate(template: JsonValue, alert: Alert): JsonValue {
  if (typeof template === "string") return renderText(template, alert);
  if (typeof template !== "object" || template === null) return template;
  if (isList(template)) return template.map((item) => renderTemplate(item, alert));
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, renderTemplate(value, alert)]),
  );
}

/** What is wrong with a template: sentences for people, one for each path that begins with no field of an alert. */
export function templateProblems(template: JsonValue): readonly string[] {
  if (typeof template === "string") {
    return [...template.matchAll(placeholder)]
      .map(([whole, path = ""]) => [whole, firstName(path)] as const)
      .filter(([, name]) => !Object.hasOwn(alertFields, name))
      .map(([whole, name]) => `${whole} stands for nothing: an alert has no field "${name}".`);
  }
  if (typeof template !== "object" || template === null) return [];
  return Object.values(template).flatMap((value: JsonValue) => templateProblems(value));
}

const placeholder = /\{\{([^{}]*)\}\}/g;
const onlyPlaceholder = /^\{\{([^{}]*)\}\}$/;

function renderText(text: string, alert: Alert): JsonValue {
  const [, path] = onlyPlaceholder.exec(text) ?? [];
  if (path !== undefined) return valueAt(alert, path) ?? null;
  return text.replaceAll(placeholder, (_whole, path: string) => asText(valueAt(alert, path)));
}

function asText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function valueAt(alert: Alert, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = alert as unknown as JsonObject;
  for (const name of path.trim().split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    // The length of a list is a property of its own, and no field.
    if (isList(value) && !/^\d+$/.test(name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function firstName(path: string): string {
  return path.trim().split(".")[0] ?? "";
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
