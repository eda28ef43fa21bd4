import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { remark } from './report.ts'

/** What a sync takes on the disk of the reference. */
export const syncMs = 4

/**
 * Runs `work` such that all processes started meanwhile have a disk whose syncs take `syncMs` longer (see
 * `slow-disk.c`, compiled for it). Where the system has no such thing or no compiler, it says so and does nothing.
 */
export async function onSlowDisk(work: () => Promise<void>): Promise<void> {
  if (process.platform !== 'linux') return remark('a slow disk is made on Linux only: left out')
  const folder = mkdtempSync(join(tmpdir(), 'heddle-slow-disk-'))
  const source = fileURLToPath(new URL('slow-disk.c', import.meta.url))
  const library = join(folder, 'slow-disk.so')
  const args = ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl']
  const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' })
  try {
    if (status !== 0) {
      return remark(
        `no slow disk, as cc could not compile it: ${String(error ?? stderr).slice(-200)}`,
      )
    }
    process.env.LD_PRELOAD = library
    process.env.HEDDLE_SYNC_US = String(1000 * syncMs)
    await work()
  } finally {
    delete process.env.LD_PRELOAD
    delete process.env.HEDDLE_SYNC_US
    rmSync(folder, { recursive: true, force: true })
  }
}
