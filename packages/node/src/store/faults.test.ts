import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataRootOf } from '@heddle/protocol/arweave'
import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { permanentRetention } from '@heddle/protocol/params'
import { describe, expect, it } from 'vitest'
import { createRuntime, type Disk, type File, nodeCrypto, type Runtime } from '../runtime/index.ts'
import type { Store } from './face.ts'
import { openStore } from './store.ts'
import {
  openTestStore,
  patternBytes,
  readAll,
  storeDeps,
  streamOf,
} from './testing/store-folder.ts'

type Operation = 'write' | 'writeDurably' | 'sync'

/** The real disk, which fails segment files where told to. */
function failingRuntime(fails: (operation: Operation) => boolean): Runtime {
  const runtime = createRuntime()
  const guard = (operation: Operation) => {
    if (fails(operation)) throw Object.assign(new Error('simulated'), { code: 'ENOSPC' })
  }
  const disk: Disk = {
    ...runtime.disk,
    async open(path) {
      const file = await runtime.disk.open(path)
      const failing: File = {
        ...file,
        async write(buffers, position) {
          guard('write')
          await file.write(buffers, position)
        },
        async writeDurably(buffers, position) {
          guard('writeDurably')
          await file.writeDurably(buffers, position)
        },
        async sync() {
          guard('sync')
          await file.sync()
        },
      }
      return failing
    },
  }
  return { ...runtime, disk }
}

describe('a disk that fails', () => {
  it('refuses with one clear error, keeps what was kept, and goes on without a restart', async () => {
    let failing = 0
    const runtime = failingRuntime(() => failing > 0 && failing-- > 0)
    const test = await openTestStore({ segmentBytes: 900_000, unsyncedBytes: 300_000 }, runtime)
    try {
      const kept = []
      for (let seed = 0; seed < 12; seed++) {
        const bytes = patternBytes(400_000, seed)
        failing = seed % 4
        const writing = test.store.write(streamOf(bytes))
        if (failing === 0) {
          kept.push({ bytes, data: await writing })
          continue
        }
        await expect(writing).rejects.toMatchObject({ kind: 'unavailable' })
        failing = 0
        kept.push({ bytes, data: await test.store.write(streamOf(bytes)) })
      }
      for (let round = 0; round < 2; round++) {
        for (const { bytes, data } of kept) {
          expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
        }
        await test.reopen()
      }
    } finally {
      await test.remove()
    }
  })

  it('never loses what it acknowledged, wherever it fails', async () => {
    let until = Number.POSITIVE_INFINITY
    const runtime = failingRuntime(() => --until <= 0 && until > -3)
    for (let first = 1; first <= 10; first++) {
      const test = await openTestStore({ segmentBytes: 700_000, unsyncedBytes: 200_000 }, runtime)
      until = first
      const acknowledged: number[] = []
      await Promise.all(
        [1, 2, 3, 4, 5].map(async (seed) => {
          const bytes = patternBytes(seed * 90_000, seed)
          try {
            const data = await test.store.write(streamOf(bytes))
            await test.store.hold(data, 'x', permanentRetention)
            acknowledged.push(seed)
          } catch (error) {
            expect(error).toMatchObject({ kind: 'unavailable' })
          }
        }),
      )
      until = Number.POSITIVE_INFINITY
      await test.store.close()
      await rm(join(test.folder, 'index.sqlite'))
      await test.reopen()
      for (const seed of acknowledged) {
        const bytes = patternBytes(seed * 90_000, seed)
        const dataRoot = encodeBase64Url(dataRootOf([bytes], nodeCrypto))
        const data = { dataRoot, sizeBytes: bytes.length }
        expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
      }
      expect(test.store.status().holds).toBeGreaterThanOrEqual(acknowledged.length)
      await test.remove()
    }
  })
})

it('refuses on a file system that is full and goes on once it is not', async (context) => {
  const parent = await mkdtemp(join(tmpdir(), 'heddle-store-full-'))
  const mount = join(parent, 'small')
  await mkdir(mount)
  const run = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'heddle-test', mount])
  if (run.status !== 0) {
    await rm(parent, { recursive: true })
    context.skip(`no small file system can be mounted here: ${run.stderr}`)
  }
  let opened: Store | undefined
  try {
    await writeFile(join(mount, 'ballast'), new Uint8Array(2_500_000))
    const folder = join(mount, 'store')
    const store = await openStore(folder, storeDeps(createRuntime()))
    opened = store
    const kept = []
    let refusal: unknown
    for (let seed = 0; refusal === undefined; seed++) {
      const bytes = patternBytes(300_000, seed)
      await store.write(streamOf(bytes)).then(
        (data) => kept.push({ bytes, data }),
        (error: unknown) => {
          refusal = error
        },
      )
    }
    expect(refusal).toMatchObject({ code: 'store-full', kind: 'unavailable' })
    expect(kept.length).toBeGreaterThan(3)
    await rm(join(mount, 'ballast'))
    const bytes = patternBytes(500_000, 99)
    kept.push({ bytes, data: await store.write(streamOf(bytes)) })
    await store.close()
    const again = await openStore(folder, storeDeps(createRuntime()))
    opened = again
    for (const one of kept) {
      expect(equalBytes(await readAll(again, one.data), one.bytes)).toBe(true)
    }
  } finally {
    await opened?.close()
    spawnSync('umount', [mount])
    await rm(parent, { recursive: true, force: true })
  }
})
