import { expect, test } from "vitest";

import { alertLine } from "../../../src/destinations/alert-line.ts";
import {
  createConsoleDestination,
  type ConsoleOptions,
} from "../../../src/destinations/console/destination.ts";
import { renderAlert } from "../../../src/destinations/console/render.ts";
import { alert } from "../../core/alert.fixture.ts";

async function printed(options: Partial<ConsoleOptions>): Promise<string[]> {
  const texts: string[] = [];
  const destination = createConsoleDestination({
    write: (text) => void texts.push(text),
    format: "text",
    color: false,
    width: 80,
    ...options,
  });
  await destination.deliver([
    { idempotencyKey: "1:open", alert: alert({ id: "1" }) },
    { idempotencyKey: "1:closed", alert: alert({ id: "1", status: "closed" }) },
  ]);
  return texts;
}

test("text is a block for people per alert, in order", async () => {
  const options = { color: true, width: 60 };
  expect(await printed(options)).toEqual([
    renderAlert(alert({ id: "1" }), options),
    renderAlert(alert({ id: "1", status: "closed" }), options),
  ]);
});

test("json is the line of the alerts file", async () => {
  expect(await printed({ format: "json" })).toEqual([
    alertLine(alert({ id: "1" })),
    alertLine(alert({ id: "1", status: "closed" })),
  ]);
});

test("the next alert waits until one is printed", async () => {
  const order: string[] = [];
  await printed({
    write: async (text) => {
      order.push(`begin ${text.length}`);
      await Promise.resolve();
      order.push(`end ${text.length}`);
    },
  });
  expect(order.map((step) => step.split(" ")[0])).toEqual(["begin", "end", "begin", "end"]);
});

test("a failure to print is the delivery's failure", async () => {
  const failure = new Error("EPIPE");
  await expect(printed({ write: () => Promise.reject(failure) })).rejects.toBe(failure);
});
