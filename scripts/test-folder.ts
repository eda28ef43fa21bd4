import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Before and after a run of tests: all their temporary folders lie in one, which goes when they are done, whatever a
// test that failed or was killed left in it.

let folder: string | undefined

export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'heddle-tests-'))
  process.env.TMPDIR = folder
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
