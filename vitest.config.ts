import { defineConfig } from "vitest/config";

const shared = { environment: "node", testTimeout: 30_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  oxc: { target: "es2023" },
  test: {
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: "unit",
          include: ["pkg/**/*.test.ts", "cmd/**/*.test.ts"],
        },
      },
      { extends: true, test: { ...shared, name: "tidy", include: ["test/tidy/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          ...shared,
          name: "system",
          include: ["test/{browser,golden,conformance,e2e}/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
