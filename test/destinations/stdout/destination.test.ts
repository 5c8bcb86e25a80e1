import { expect, test } from "vitest";

import { alertLine } from "../../../src/destinations/alert-line.ts";
import type { RemoteDestination } from "../../../src/destinations/remote.ts";
import { createStdoutDestination, type StdoutOptions } from "../../../src/destinations/stdout/destination.ts";
import { delivery, send } from "../request-fixtures.ts";

interface Printed {
  readonly destination: RemoteDestination;
  readonly written: readonly string[];
}

function stdout(options: Partial<StdoutOptions> = {}): Printed {
  const written: string[] = [];
  const write = (text: string): void => {
    written.push(text);
  };
  return {
    destination: createStdoutDestination({
      name: "screen",
      format: "json",
      color: false,
      width: 80,
      write,
      ...options,
    }),
    written,
  };
}

test("a line of JSON per alert", async () => {
  const { destination, written } = stdout();
  const sent = delivery();
  expect(await send(destination, sent)).toEqual({ kind: "delivered" });
  expect(written).toEqual([alertLine(sent.alert)]);
  await destination.close();
});

test("text for people", async () => {
  const { destination, written } = stdout({ format: "text" });
  await send(destination, delivery({ title: "Something happened" }));
  expect(written.join("")).toContain(" MEDIUM  Something happened");
});

test("output that cannot be written is worth another attempt", async () => {
  const write = (): Promise<void> => Promise.reject(new Error("write EPIPE"));
  expect(await send(stdout({ write }).destination)).toEqual({
    kind: "failed",
    reason: "Standard output cannot be written: write EPIPE.",
  });
});
