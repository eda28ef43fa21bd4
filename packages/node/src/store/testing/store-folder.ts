import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes } from '@heddle/protocol/base'
import { createRuntime, nodeCrypto, type Runtime } from '../../runtime/index.ts'
import type { Store, StoredData } from '../face.ts'
import type { StoreOptions } from '../options.ts'
import type { Damage } from '../recover.ts'
import { openStore } from '../store.ts'

/** A store in a temporary folder, with what it complained of. */
export type TestStore = {
  readonly folder: string
  readonly damages: Damage[]
  store: Store
  /** Closes and opens it again, with other options where given. */
  reopen(given?: Partial<StoreOptions>): Promise<void>
  /** Closes it and removes the folder. */
  remove(): Promise<void>
}

export async function openTestStore(
  given: Partial<StoreOptions> = {},
  runtime: Runtime = createRuntime(),
): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-store-'))
  const damages: Damage[] = []
  const open = (options: Partial<StoreOptions>) =>
    openStore(folder, storeDeps(runtime, damages), { hashThreads: 0, ...options })
  const test: TestStore = {
    folder,
    damages,
    store: await open(given),
    async reopen(other) {
      await test.store.close()
      test.store = await open(other ?? given)
    },
    async remove() {
      await test.store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return test
}

export function storeDeps(runtime: Runtime, damages: Damage[] = []) {
  return {
    runtime,
    engine: nodeCrypto,
    onDamage: (damage: Damage) => void damages.push(damage),
    onFault: (what: string, error: unknown) => {
      throw new Error(what, { cause: error })
    },
  }
}

/** Bytes as a stream of parts. */
export async function* streamOf(bytes: Uint8Array, partBytes = 100_000) {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes)
}

export async function readAll(store: Store, data: StoredData, from = 0, to = data.sizeBytes) {
  const parts: Uint8Array[] = []
  for await (const part of store.read(data, from, to)) parts.push(part)
  return concatBytes(parts)
}

/** Bytes that follow from a seed; no two chunks are equal. */
export function patternBytes(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  let word = seed * 2_654_435_761 + 1
  for (let i = 0; i < sizeBytes; i += 251) {
    word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = word >>> 24
    bytes[i + 1] = word >>> 16
    bytes[i + 2] = word >>> 8
  }
  return bytes
}
