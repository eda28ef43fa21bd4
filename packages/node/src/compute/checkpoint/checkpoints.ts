import { encodeText, equalBytes, toHex } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Disk } from '../../runtime/index.ts'
import type { CheckpointDelta, PackedCheckpoint, StoredAt } from './packed-state.ts'
import {
  type CheckpointClaim,
  type CheckpointRecord,
  decodeCheckpointRecords,
  encodeCheckpointRecord,
} from './record.ts'

/** Which checkpoint of a process is wanted. */
export type Wanted = {
  readonly processId: string
  readonly moduleId: string
  /** No slot at or above it may be in the state. */
  readonly slotMax: number
  /** The result chain before a slot, from a point that is trusted: the unit's own results. */
  readonly chainBefore: (slot: number) => Promise<Uint8Array>
}

type Names = { readonly processId: string; readonly moduleId: string }

export type StoredCheckpoint = PackedCheckpoint & { readonly nextSlot: number }

/**
 * Checkpoints of each process, one file each: a whole state, then what changed, by pages named by
 * their digest. A checkpoint only saves time: without one the log is replayed from the start, so
 * what cannot be read or does not lead from the unit's own results is as good as none.
 */
export class Checkpoints {
  readonly #folder: string
  readonly #disk: Disk
  readonly #engine: CryptoEngine
  /** The last write of each file that is under way: two at once could mix. */
  readonly #writes = new Map<string, Promise<void>>()

  private constructor(folder: string, disk: Disk, engine: CryptoEngine) {
    this.#folder = folder
    this.#disk = disk
    this.#engine = engine
  }

  static async open(folder: string, disk: Disk, engine: CryptoEngine): Promise<Checkpoints> {
    await disk.makeFolder(folder)
    return new Checkpoints(folder, disk, engine)
  }

  /** The newest checkpoint that is not beyond `slotMax` and whose chain is the trusted one. */
  async read(wanted: Wanted): Promise<StoredCheckpoint | undefined> {
    const found = await this.#find(wanted)
    if (found === undefined) return undefined
    const { records, newest } = found
    const { stateRoot, nextSlot } = newest.claim
    const { digest, endAt } = newest
    return { parts: records.map(({ part }) => part), stateRoot, nextSlot, at: { digest, endAt } }
  }

  /** The same checkpoint as it travels: its file, up to it. */
  async export(wanted: Wanted): Promise<ExportedCheckpoint | undefined> {
    const found = await this.#find(wanted)
    if (found === undefined) return undefined
    const { bytes, newest } = found
    return { claim: newest.claim, bytes: bytes.subarray(0, newest.endAt) }
  }

  /** Rejects with the disk's error; the older checkpoint is intact then. One at a time per file. */
  async write(names: Names, delta: CheckpointDelta, resultChain: Uint8Array): Promise<StoredAt> {
    const { processId } = names
    const before = this.#writes.get(processId) ?? Promise.resolve()
    const writing = before.then(() => this.#write(names, delta, resultChain))
    const settled = writing.then(
      () => undefined,
      () => undefined,
    )
    this.#writes.set(processId, settled)
    try {
      return await writing
    } finally {
      if (this.#writes.get(processId) === settled) this.#writes.delete(processId)
    }
  }

  async #write(names: Names, delta: CheckpointDelta, resultChain: Uint8Array): Promise<StoredAt> {
    const { nextSlot, stateRoot, base } = delta
    const claim = { ...names, nextSlot, stateRoot, resultChain }
    const previous = base?.digest ?? ''
    const { bytes, digest } = encodeCheckpointRecord(claim, delta, previous, this.#engine)
    const path = this.#path(names.processId)
    if (base === undefined) {
      await this.#disk.replace(path, bytes)
      return { digest, endAt: bytes.length }
    }
    const endAt = base.endAt + bytes.length
    const file = await this.#disk.open(path)
    try {
      // What stands behind the base was torn, or led elsewhere.
      await file.truncate(base.endAt)
      await file.write([bytes], base.endAt)
    } finally {
      await file.close()
    }
    return { digest, endAt }
  }

  async remove(processId: string): Promise<void> {
    await this.#disk.remove(this.#path(processId))
  }

  async #find({ processId, moduleId, slotMax, chainBefore }: Wanted) {
    const bytes = await this.#disk.read(this.#path(processId)).catch(() => undefined)
    if (bytes === undefined) return undefined
    const records = decodeCheckpointRecords(bytes, this.#engine)
    for (let newest = records.at(-1); newest !== undefined; newest = records.at(-1)) {
      const { claim } = newest
      const isWanted = claim.processId === processId && claim.moduleId === moduleId
      if (isWanted && claim.nextSlot <= slotMax && (await this.#leadsThere(newest, chainBefore))) {
        return { bytes, records, newest }
      }
      records.pop()
    }
    return undefined
  }

  async #leadsThere(
    { claim }: CheckpointRecord,
    chainBefore: Wanted['chainBefore'],
  ): Promise<boolean> {
    return equalBytes(await chainBefore(claim.nextSlot), claim.resultChain)
  }

  /** Ids differ in letter case only at times, and some file systems do not see that. */
  #path(processId: string): string {
    return `${this.#folder}/${toHex(encodeText(processId))}.checkpoint`
  }
}

/** A checkpoint and its bytes. */
export type ExportedCheckpoint = { readonly claim: CheckpointClaim; readonly bytes: Uint8Array }
