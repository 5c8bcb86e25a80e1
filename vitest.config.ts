import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Run by scripts/test-supervisor.ts, which says why. */
export const threadEndingTests: readonly string[] = [
  "test/engine/supervisor.test.ts",
  "test/engine/swap.test.ts",
  "test/service/lane-keeper.test.ts",
];

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...threadEndingTests],
    // Every test that needs time injects a clock, so a slow machine may take long without a test being wrong.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The second as in bin/stakeout.
    execArgv: ["--disable-warning=ExperimentalWarning", "--no-turboshaft-loop-unrolling"],
  },
  resolve: {
    alias: [
      {
        find: /^stakeout\/testing$/,
        replacement: new URL("./src/testing/index.ts", import.meta.url).pathname,
      },
      { find: /^stakeout$/, replacement: new URL("./src/index.ts", import.meta.url).pathname },
    ],
  },
});

export default config;
