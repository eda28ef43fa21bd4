import { rmSync } from 'node:fs'
import { CrashDisk } from '@heddle/node/journal/segments/testing'
import type { Disk, File } from '@heddle/node/runtime'
import type { Dice } from './dice.ts'
import { forever, type Life, type VirtualTime } from './virtual-time.ts'

type Rot = { readonly path: string; readonly offset: number; readonly bit: number }

/**
 * The disk of one node, over all its runs: the journal's own `CrashDisk` (page cache and platter kept
 * apart, power cuts that keep any sectors of what was not synced) with latency, and with damage.
 */
export class NodeDisk {
  /** Chance that a sync fails, leaving its pages clean and lost as Linux does. */
  syncFailure = 0
  /** Chance that a read brings back one wrong bit, once the node is up. */
  readRot = 0
  isServing = false
  /** Chance that a sync is claimed and not done: only the mutant has it. */
  syncSkip = 0
  /** Longest time a sync takes. */
  latencyMsMax = 3
  /** Runs once, in the midst of the next sync. */
  onSync: (() => void) | undefined
  readonly #time: VirtualTime
  readonly #dice: Dice
  #disk = new CrashDisk()
  #rot: Rot | undefined
  /** Where the newest synced write of a file began: whatever is before has durable data behind it. */
  readonly #settled = new Map<string, number>()

  constructor(time: VirtualTime, dice: Dice) {
    this.#time = time
    this.#dice = dice
  }

  /** Cuts the power. */
  crash(): void {
    this.#disk = this.#disk.powerCut(() => this.#dice.draw())
    // It is the platter that rots.
    if (this.#rot !== undefined) this.#flip(this.#rot)
    for (const path of this.#settled.keys()) if (!this.#has(path)) this.#settled.delete(path)
  }

  /** Leaves room for this many bytes more. */
  fill(roomBytes: number): void {
    let usedBytes = 0
    for (const path of this.#settled.keys()) usedBytes += this.#disk.bytes(path).length
    this.#disk.capacityBytes = usedBytes + roomBytes
  }

  free(): void {
    this.#disk.capacityBytes = Number.POSITIVE_INFINITY
  }

  /** The bit that is wrong. */
  get damage(): Rot | undefined {
    return this.#rot
  }

  /**
   * Turns one bit that was durable, with durable data behind it: the journal promises to notice that.
   * Does nothing where there is no such yet, or one is turned already.
   */
  rot(): void {
    const paths = [...this.#settled].filter(([, settled]) => settled > 0)
    if (paths.length === 0 || this.#rot !== undefined) return
    const [path, settled] = this.#dice.pick(paths)
    this.#rot = { path, offset: this.#dice.whole(0, settled - 1), bit: this.#dice.whole(0, 7) }
    this.#flip(this.#rot)
  }

  /** What an operator does who has a copy of the file. */
  restore(): void {
    if (this.#rot !== undefined) this.#flip(this.#rot)
    this.#rot = undefined
  }

  /** The disk as one run of the node sees it. */
  mount(life: Life): Disk {
    const disk = this.#disk
    const alive = async <T>(work: () => Promise<T>): Promise<T> =>
      life.isOver ? forever() : work()
    return {
      open: (path) => alive(async () => this.#fileOf(path, await disk.open(path), life)),
      list: (folder) => alive(() => disk.list(folder)),
      makeFolder: () => alive(() => disk.makeFolder()),
      read: (path) => alive(() => disk.read(path)),
      replace: (path, bytes) => alive(() => disk.replace(path, bytes)),
      // The index files of SQLite are real ones.
      remove: (path) => alive(async () => rmSync(path, { force: true })),
      syncFolder: (folder) => alive(() => disk.syncFolder(folder)),
    }
  }

  #fileOf(path: string, file: File, life: Life): File {
    let writtenAt = 0
    const write = async (buffers: readonly Uint8Array[], position: number) => {
      if (life.isOver) return forever()
      writtenAt = position
      await file.write(buffers, position)
    }
    const sync = async () => {
      await this.#latency(life)
      if (this.#dice.chance(this.syncSkip)) return
      if (this.#dice.chance(this.syncFailure)) await this.#failSync(file)
      await file.sync()
      this.#settled.set(path, writtenAt)
    }
    return {
      write,
      sync,
      async writeDurably(buffers, position) {
        await write(buffers, position)
        await sync()
      },
      read: async (into, position) => {
        if (life.isOver) return forever()
        const filled = await file.read(into, position)
        if (filled > 0 && this.isServing && this.#dice.chance(this.readRot)) {
          const at = this.#dice.whole(0, filled - 1)
          into[at] = (into[at] ?? 0) ^ 1
        }
        return filled
      },
      truncate: async (lengthBytes) => {
        if (life.isOver) return forever()
        await file.truncate(lengthBytes)
        this.#settled.set(path, Math.min(this.#settled.get(path) ?? 0, lengthBytes))
      },
      sizeBytes: () => file.sizeBytes(),
      close: () => file.close(),
    }
  }

  /** Rejects with EIO. */
  #failSync(file: File): Promise<void> {
    this.#disk.fault = (operation) => (operation === 'sync' ? { code: 'EIO' } : undefined)
    const failed = file.sync()
    this.#disk.fault = () => undefined
    return failed
  }

  async #latency(life: Life): Promise<void> {
    const latencyMs = this.#dice.between(0.05, this.latencyMsMax)
    if (this.onSync !== undefined) this.#time.after(latencyMs / 2, this.onSync)
    this.onSync = undefined
    await this.#time.sleep(latencyMs)
    if (life.isOver) return forever()
  }

  #flip({ path, offset, bit }: Rot): void {
    const bytes = this.#disk.bytes(path)
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit)
  }

  #has(path: string): boolean {
    try {
      return this.#disk.bytes(path).length >= (this.#settled.get(path) ?? 0)
    } catch {
      return false
    }
  }
}
