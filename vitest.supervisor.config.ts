import type { ViteUserConfig } from "vitest/config";

import base from "./vitest.config.ts";

/** The tests of the supervisor by themselves: see scripts/test-supervisor.ts. */
const config: ViteUserConfig = {
  ...base,
  test: { ...base.test, include: ["test/engine/supervisor.test.ts"], exclude: [] },
};

export default config;
