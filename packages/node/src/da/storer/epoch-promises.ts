import { decodeText, encodeText, equalBytes } from '@heddle/protocol/base'
import type { Disk } from '../../runtime/index.ts'
import { storerFailed, twoStatements } from './errors.ts'

/** Epochs remembered; nobody sends rows for older ones. */
const epochsMax = 256

/**
 * The one storer set of each epoch that this storer has signed for. It is on the disk before the
 * first signature of the epoch leaves, so that no crash makes a storer sign for two.
 */
export class EpochPromises {
  readonly #disk: Disk
  readonly #path: string
  readonly #sets: Map<number, Uint8Array>
  #writing: Promise<void> = Promise.resolve()

  private constructor(disk: Disk, path: string, sets: Map<number, Uint8Array>) {
    this.#disk = disk
    this.#path = path
    this.#sets = sets
  }

  static async open(disk: Disk, path: string): Promise<EpochPromises> {
    const bytes = await disk.read(path)
    const sets = new Map<number, Uint8Array>()
    if (bytes !== undefined) {
      for (const line of decodeText(bytes).trim().split('\n')) {
        const match = /^(\d{1,16}) ([0-9a-f]{64})$/.exec(line)
        if (match === null) throw storerFailed(new Error(`${path} is damaged`))
        sets.set(Number(match[1]), new Uint8Array(Buffer.from(match[2] ?? '', 'hex')))
      }
    }
    return new EpochPromises(disk, path, sets)
  }

  /** Throws `storer-equivocation` where another set was signed for in this epoch. */
  check(epoch: number, setId: Uint8Array): void {
    const promised = this.#sets.get(epoch)
    if (promised !== undefined && !equalBytes(promised, setId)) throw twoStatements()
  }

  /** Resolves when it is on the disk that this set is the epoch's. */
  async promise(epoch: number, setId: Uint8Array): Promise<void> {
    this.check(epoch, setId)
    if (!this.#sets.has(epoch)) {
      this.#sets.set(epoch, new Uint8Array(setId))
      for (const old of [...this.#sets.keys()].sort((a, b) => b - a).slice(epochsMax)) {
        this.#sets.delete(old)
      }
      const lines = [...this.#sets].map(([at, id]) => `${at} ${Buffer.from(id).toString('hex')}\n`)
      const write = () => this.#disk.replace(this.#path, encodeText(lines.join('')))
      this.#writing = this.#writing.then(write)
    }
    // Also waits for a write that another request began.
    await this.#writing.catch((error: unknown) => {
      throw storerFailed(error)
    })
  }
}
