import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'packages/**/*.test.ts',
      'scripts/**/*.test.ts',
      'e2e/**/*.test.ts',
      'examples/**/*.test.ts',
      'wasm/**/*.test.ts',
      'sim/**/*.test.ts',
      'training/**/*.test.ts',
      'docs/**/*.test.ts',
    ],
    globalSetup: './scripts/test-folder.ts',
    // Vitest leaves a core free unless told; many of these tests wait for a disk or another process.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
