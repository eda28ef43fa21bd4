import { spawnSync } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { openJournal } from './open.ts'
import { removeFolder, temporaryFolder } from './testing/temporary-folder.ts'

/** Mounts a file system of 2 MiB; returns why not where the system does not allow it. */
function mountSmall(folder: string): string | undefined {
  const run = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'heddle-test', folder])
  if (run.status === 0) return undefined
  return run.error?.message ?? run.stderr.toString().trim()
}

it('refuses appends on a file system that is full and goes on once it is not', async (context) => {
  const parent = await temporaryFolder()
  const mount = join(parent, 'small')
  await mkdir(mount)
  const reason = mountSmall(mount)
  if (reason !== undefined) {
    await removeFolder(parent)
    context.skip(`no small file system can be mounted here: ${reason}`)
  }
  try {
    const folder = join(mount, 'journal')
    await writeFile(join(mount, 'ballast'), new Uint8Array(1_000_000))
    const log = await openJournal(folder, createRuntime())
    const body = new Uint8Array(30_000).fill(9)
    let slot = 0
    const appendUntilFull = async () => {
      for (;;) {
        await log.append('a', slot, 0, [body])
        slot++
      }
    }
    await expect(appendUntilFull()).rejects.toMatchObject({ code: 'disk-full' })
    expect(slot).toBeGreaterThan(20)
    expect(log.head('a')).toBe(slot)
    await expect(log.append('b', 0, 0, [body])).rejects.toMatchObject({ code: 'disk-full' })
    // What the refused appends took is free again.
    expect((await statfs(mount)).bavail).toBeGreaterThan(0)
    await rm(join(mount, 'ballast'))
    await log.append('b', 0, 0, [body])
    await log.append('a', slot, 0, [body])
    await log.close()
    const again = await openJournal(folder, createRuntime())
    expect([again.head('a'), again.head('b')]).toEqual([slot + 1, 1])
    const records = await again.read('a', 0, slot + 1)
    expect(records.every((record) => Buffer.compare(record.bytes, body) === 0)).toBe(true)
    await again.close()
  } finally {
    spawnSync('umount', [mount])
    await removeFolder(parent)
  }
})
