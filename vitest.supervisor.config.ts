import type { ViteUserConfig } from "vitest/config";

import base, { threadEndingTests } from "./vitest.config.ts";

/** The tests that end many threads, by themselves: see scripts/test-supervisor.ts. */
const config: ViteUserConfig = {
  ...base,
  test: { ...base.test, include: [...threadEndingTests], exclude: [] },
};

export default config;
