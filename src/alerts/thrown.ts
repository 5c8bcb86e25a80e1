import { fileURLToPath } from "node:url";

/** What is known of something that was thrown: enough to group it and to show it. */
export interface ThrownDescription {
  /** Class name, and code where there is one; never the message, which may hold anything. */
  readonly type: string;
  readonly message: string;
  /** The frames of the rule's own code, without those of the engine that called it; empty where there is none. */
  readonly stack: string;
}

const engineFolder = fileURLToPath(new URL("..", import.meta.url));

const typeLengthMax = 100;
const messageLengthMax = 2000;
const stackLengthMax = 8000;

/** Describes anything that rule code can throw, errors whose properties throw when they are read included. */
export function describeThrown(thrown: unknown): ThrownDescription {
  try {
    if (!(thrown instanceof Error)) {
      return { type: `thrown ${typeof thrown}`, message: cut(String(thrown), messageLengthMax), stack: "" };
    }
    const { name, message, stack } = thrown as { readonly [Property in keyof Error]?: unknown };
    const code = "code" in thrown ? thrown.code : undefined;
    const className = typeof name === "string" && name !== "" ? name : "Error";
    return {
      type: cut(typeof code === "string" ? `${className} ${code}` : className, typeLengthMax),
      message: cut(String(message), messageLengthMax),
      stack: typeof stack === "string" ? cut(ruleFrames(stack), stackLengthMax) : "",
    };
  } catch {
    return { type: "unreadable", message: "The thrown value fails when it is read.", stack: "" };
  }
}

/** Engine frames above the rule's (a helper that threw) and below them (who called the rule) help nobody who mends it. */
function ruleFrames(stack: string): string {
  const lines = stack.split("\n");
  const firstFrame = lines.findIndex((line) => /^\s+at /.test(line));
  if (firstFrame < 0) return stack;
  const frames = lines.slice(firstFrame);
  const ofEngine = (line: string): boolean => line.includes(engineFolder);
  const start = frames.findIndex((line) => !ofEngine(line));
  const end = frames.findIndex((line, index) => index > start && ofEngine(line));
  const kept = start < 0 ? [] : frames.slice(start, end < 0 ? frames.length : end);
  return [...lines.slice(0, firstFrame), ...kept].join("\n");
}

function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
}
