import type { Placement } from './writer.ts'

/** One frame on its way to the disk. */
export type Commit = {
  readonly frame: Buffer
  /** The frame is durable and lies at `offset` of `segment`. */
  readonly onDurable: (segment: number, offset: number) => void
  /** The frame is not and will not be in the journal. */
  readonly onDropped: () => void
}

type Waiting = Commit & { readonly resolve: () => void; readonly reject: (error: unknown) => void }

/**
 * Group commit: whatever arrives while the disk is busy goes out together in one write and one
 * fdatasync. Groups become durable strictly one after another.
 */
export class CommitQueue {
  readonly #write: (frames: readonly Buffer[]) => Promise<Placement>
  readonly #groupBytes: number
  #waiting: Waiting[] = []
  #pendingBytes = 0
  #running: Promise<void> | undefined

  constructor(write: (frames: readonly Buffer[]) => Promise<Placement>, groupBytes: number) {
    this.#write = write
    this.#groupBytes = groupBytes
  }

  /** Bytes accepted and neither durable nor dropped yet. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Resolves when the frame is durable. */
  push(commit: Commit): Promise<void> {
    this.#pendingBytes += commit.frame.length
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...commit, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // Let everything of this turn of the event loop join the first group.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      const frames = group.map((commit) => commit.frame)
      let placement: Placement
      try {
        placement = await this.#write(frames)
      } catch (error) {
        this.#drop(group, error)
        continue
      }
      this.#settle(group, placement)
    }
    this.#running = undefined
  }

  #takeGroup(): Waiting[] {
    let count = 0
    let bytes = 0
    for (const commit of this.#waiting) {
      if (count > 0 && bytes + commit.frame.length > this.#groupBytes) break
      bytes += commit.frame.length
      count++
    }
    const group = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return group
  }

  #settle(group: readonly Waiting[], { segment, offset }: Placement): void {
    let at = offset
    for (const commit of group) {
      commit.onDurable(segment, at)
      at += commit.frame.length
      this.#pendingBytes -= commit.frame.length
    }
    for (const commit of group) commit.resolve()
  }

  /** Drops the group and all behind it: their slots may follow from slots in the group. */
  #drop(group: readonly Waiting[], error: unknown): void {
    const dropped = [...group, ...this.#waiting]
    this.#waiting = []
    for (const commit of dropped) {
      commit.onDropped()
      this.#pendingBytes -= commit.frame.length
    }
    for (const commit of dropped) commit.reject(error)
  }
}
