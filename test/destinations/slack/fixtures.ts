import type { RemoteDestination } from "../../../src/destinations/remote.ts";
import { createSlackDestination } from "../../../src/destinations/slack/destination.ts";
import { startReceiver, type Reaction, type ReceivedRequest, type Receiver } from "../receiver.ts";
import { closing, loopback, surroundings } from "../request-fixtures.ts";

const slackPath = "/services/T000/B000/s3cret";

export interface FakeSlack extends Receiver {
  /** What was posted, as Slack took it. */
  readonly messages: readonly FakeMessage[];
}

export interface FakeMessage {
  readonly text: string;
  readonly blocks: readonly FakeBlock[];
}

export interface FakeBlock {
  readonly type: string;
  readonly text?: FakeText;
  readonly fields?: readonly FakeText[];
  readonly elements?: readonly FakeText[];
}

export interface FakeText {
  readonly type: string;
  readonly text: string;
}

/** An incoming webhook that refuses what Slack documents to refuse. `failures` is what it does first. */
export async function fakeSlack(failures: readonly Reaction[] = []): Promise<FakeSlack> {
  const messages: FakeMessage[] = [];
  const left = [...failures];
  const receiver = await startReceiver((request) => {
    const failure = left.shift();
    if (failure !== undefined) return failure;
    if (request.path !== slackPath) return { status: 404, body: "no_service" };
    const message = parse(request);
    if (message === undefined) return { status: 400, body: "invalid_payload" };
    if (messageProblems(message).length > 0) return { status: 400, body: "invalid_blocks" };
    messages.push(message);
    return { status: 200, body: "ok" };
  });
  return { ...receiver, messages };
}

function parse({ method, headers, body }: ReceivedRequest): FakeMessage | undefined {
  if (method !== "POST" || headers["content-type"] !== "application/json") return undefined;
  try {
    return JSON.parse(body) as FakeMessage;
  } catch {
    return undefined;
  }
}

const blockKeys: Readonly<Record<string, readonly string[]>> = {
  header: ["type", "text"],
  section: ["type", "text", "fields"],
  context: ["type", "elements"],
};

/** What Slack's reference says against a message. */
export function messageProblems({ text, blocks }: FakeMessage): readonly string[] {
  const problems = blocks.flatMap(blockProblems);
  if (typeof text !== "string" || text === "" || text.length > 40_000) problems.push("text");
  if (blocks.length < 1 || blocks.length > 50) problems.push("number of blocks");
  return problems;
}

function blockProblems(block: FakeBlock): string[] {
  const { type, text, fields, elements } = block;
  const known = blockKeys[type] ?? [];
  const problems = Object.keys(block)
    .filter((key) => !known.includes(key))
    .map((key) => `${type} with ${key}`);
  if (type === "header") problems.push(...textProblems(text, "plain_text", 150));
  if (type === "section") {
    if (text === undefined && fields === undefined) problems.push("section without text and fields");
    if (text !== undefined) problems.push(...textProblems(text, "mrkdwn", 3000));
    if (fields !== undefined && (fields.length < 1 || fields.length > 10)) problems.push("number of fields");
    for (const field of fields ?? []) problems.push(...textProblems(field, "mrkdwn", 2000));
  }
  if (type === "context") {
    if (elements === undefined || elements.length < 1 || elements.length > 10)
      problems.push("number of elements");
    for (const element of elements ?? []) problems.push(...textProblems(element, "mrkdwn", 3000));
  }
  return problems;
}

function textProblems(text: FakeText | undefined, type: string, lengthMax: number): readonly string[] {
  if (text?.type !== type) return [`a text that is not ${type}`];
  const problems: string[] = [];
  if (text.text.length < 1 || text.text.length > lengthMax) problems.push(`a text of ${text.text.length}`);
  if (!text.text.isWellFormed()) problems.push("half a character");
  // What is between angle brackets must be a link of ours; every & must begin an entity.
  if (type === "mrkdwn") {
    if (/<(?!https?:)|&(?!amp;|lt;|gt;)/.test(text.text)) problems.push("markup that was not escaped");
  }
  return problems;
}

/** The destination for a fake. */
export function slack(receiver: Receiver, path: string = slackPath): RemoteDestination {
  const url = receiver.url + path;
  const options = { name: "slack", url, timeoutMs: 60_000, privateNetworks: loopback };
  return closing(createSlackDestination(options, surroundings()));
}
