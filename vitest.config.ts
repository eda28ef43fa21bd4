import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Temporary folders of a run lie in one, which goes with it, whatever a test that failed or was killed left.
const folder = mkdtempSync(join(tmpdir(), 'heddle-tests-'))
process.on('exit', () => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // A process that is slow to end still writes there: no reason for a run to fail.
  }
})

/** Whole nodes first: the longest files, begun last, would leave a worker idle for minutes. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => /\/(e2e|sim)\//.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

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
    sequence: { sequencer: LongestFirst },
    // So long only what hangs takes, even where neighbours take the cores for minutes.
    testTimeout: 240_000,
    // Its own second is soon over where a core is taken away for one, or a disk is slow.
    expect: { poll: { timeout: 120_000 } },
    hookTimeout: 240_000,
  },
})
