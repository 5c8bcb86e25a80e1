/** A wrong argument for people: what it is, and a short value where that helps. */
export function describeArgument(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = constructorName(value);
  return name === "Object" || name === "" ? `an object with ${fieldsOf(value)}` : `a ${name}`;
}

function constructorName(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null || !("constructor" in prototype)) return "";
  return typeof prototype.constructor === "function" ? prototype.constructor.name : "";
}

function fieldsOf(value: object): string {
  const names = Object.keys(value);
  if (names.length === 0) return "no fields";
  return `the fields ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`;
}
