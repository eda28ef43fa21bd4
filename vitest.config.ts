import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Temporary folders of a run lie in one, which goes with it, whatever a test that failed or was killed left.
const folder = mkdtempSync(join(tmpdir(), 'heddle-tests-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

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
    env: { TMPDIR: folder },
    // Vitest leaves a core free unless told; many of these tests wait for a disk or another process.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
