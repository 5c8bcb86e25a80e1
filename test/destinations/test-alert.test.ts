import { expect, test } from "vitest";

import { createTestAlert } from "../../src/destinations/test-alert.ts";
import { alert } from "../core/alert.fixture.ts";

const now = "2026-01-01T00:00:00.000Z";

test("says that it is a test, and for which destination", () => {
  const made = createTestAlert("slack", now);
  expect(made.title).toBe("Test alert for the destination slack");
  expect(made).toMatchObject({ severity: "info", tags: ["test"], destinations: ["slack"], createdAt: now });
});

test("is an alert with every field", () => {
  expect(Object.keys(createTestAlert("slack", now))).toEqual(Object.keys(alert()));
});

test("is another one for each destination and time", () => {
  const later = "2026-01-01T00:00:00.001Z";
  const ids = [createTestAlert("a", now), createTestAlert("b", now), createTestAlert("a", later)].map(
    ({ id }) => id,
  );
  expect(new Set(ids).size).toBe(3);
  expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
});
