import type { JsonValue } from "../../core/json.ts";
import { describeValue } from "../describe-value.ts";
import type { CorrelationRuleSpec, DataModelSpec, GlobalSpec, PackSpec } from "./content.ts";
import type { ContentFile } from "./content-file.ts";
import { correlationKeys } from "./detection-keys.ts";
import { type Entry, Fields, type FieldsReport } from "./fields.ts";
import { isList, isObject } from "./json-kind.ts";

const globalKeys = ["AnalysisType", "GlobalID", "Filename", "Description", "Tags", "BaseVersion"];
const dataModelKeys = [
  "AnalysisType",
  "DataModelID",
  "DisplayName",
  "LogTypes",
  "Enabled",
  "Mappings",
  "Filename",
  "BaseVersion",
];
const packKeys = ["AnalysisType", "PackID", "DisplayName", "Description", "PackDefinition"];

export function readGlobal(file: ContentFile, report: FieldsReport): Entry<GlobalSpec> {
  const fields = new Fields(file, { idKey: "GlobalID", noun: "global helper" }, report);
  fields.unknownKeys(globalKeys);
  fields.text("Description");
  fields.names("Tags", (tag) => tag.toLowerCase());
  const entry = fields.entry(() => {
    const path = fields.required("Filename", (key) => fields.filename(key)) ?? "";
    return { id: fields.id, file: path, yamlFile: file.path };
  });
  if (entry.spec === undefined || /^[\p{L}_][\p{L}\p{N}_]*$/u.test(fields.id)) return entry;
  fields.warning(
    ["GlobalID"],
    "it is left out, because no rule can import it: its id is not a name in Python",
  );
  return { ...entry, spec: undefined };
}

export function readPack(file: ContentFile, report: FieldsReport): Entry<PackSpec> {
  const fields = new Fields(file, { idKey: "PackID", noun: "pack" }, report);
  fields.unknownKeys(packKeys);
  return fields.entry(() => {
    const definition = fields.required("PackDefinition", (key) => fields.object(key));
    const { IDs: ids } = definition ?? { IDs: [] };
    fields.unknownKeys(["IDs"], ["PackDefinition"], definition ?? {});
    if (!isList(ids)) fields.problem(["PackDefinition"], "PackDefinition.IDs must be a list of ids");
    const names = isList(ids) ? fields.textsIn(ids, ["PackDefinition", "IDs"]) : [];
    return { id: fields.id, yamlFile: file.path, ids: [...new Set(names)] };
  });
}

/** Its tests are counted, and a warning says that it is not run. */
export function readCorrelationRule(file: ContentFile, report: FieldsReport): Entry<CorrelationRuleSpec> {
  const fields = new Fields(file, { idKey: "RuleID", noun: "correlation rule" }, report);
  fields.unknownKeys(correlationKeys);
  for (const key of ["Enabled", "Severity", "Detection"]) fields.required(key, () => undefined);
  fields.warning([], "it is not run yet: Stakeout reads correlation rules, but cannot evaluate them");
  return fields.entry(() => {
    return { id: fields.id, yamlFile: file.path, tests: fields.list("Tests")?.length ?? 0 };
  });
}

type Mapping = DataModelSpec["mappings"][number];

export function readDataModel(file: ContentFile, report: FieldsReport): Entry<DataModelSpec> {
  const fields = new Fields(file, { idKey: "DataModelID", noun: "data model" }, report);
  fields.unknownKeys(dataModelKeys);
  fields.text("DisplayName");
  return fields.entry(() => {
    const logTypes = fields.required("LogTypes", (key) => fields.names(key)) ?? [];
    const mappings = fields.required("Mappings", (key) => fields.list(key)) ?? [];
    const model: DataModelSpec = {
      id: fields.id,
      yamlFile: file.path,
      enabled: fields.required("Enabled", (key) => fields.flag(key)) ?? true,
      logTypes,
      mappings: mappings.flatMap((mapping, index) => readMapping(fields, mapping, index) ?? []),
      file: fields.filename("Filename"),
    };
    const method = model.mappings.find(({ method }) => method !== undefined);
    if (method !== undefined && !fields.has("Filename")) {
      fields.problem(
        ["Mappings"],
        `${method.name} is a method, so Filename must name the Python file that defines it`,
      );
    }
    return model;
  });
}

function readMapping(fields: Fields, mapping: JsonValue, index: number): Mapping | undefined {
  const at = ["Mappings", index];
  if (!isObject(mapping))
    return fields.problem(at, `a mapping must be an object, not ${describeValue(mapping)}`);
  const { Name: name, Path: path, Method: method } = mapping;
  fields.unknownKeys(["Name", "Path", "Method"], at, mapping);
  if (typeof name !== "string") {
    return fields.problem(at, `a mapping needs a Name, which is text, not ${describeValue(name)}`);
  }
  if ((path === undefined) === (method === undefined)) {
    const found = path === undefined ? "neither Path nor Method" : "both Path and Method";
    return fields.problem(at, `mapping ${name} has ${found}; give one of them`);
  }
  const target = path ?? method;
  if (typeof target !== "string") {
    const key = path === undefined ? "Method" : "Path";
    return fields.problem([...at, key], `mapping ${name}: ${key} must be text, not ${describeValue(target)}`);
  }
  const line = fields.yaml.lineOf(at);
  return {
    name,
    path: path === undefined ? undefined : target,
    method: path === undefined ? target : undefined,
    line,
  };
}
