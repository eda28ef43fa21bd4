import { isHeddleError } from '@heddle/protocol/base'
import { decodeImage } from '../guest/image.ts'
import type { GuestModule, MemoryImage } from '../guest/ports.ts'
import type { Fork, Outcome } from './protocol.ts'
import { type GuestRun, runGuest } from './run-guest.ts'
import { beginWatch, endWatch } from './watch.ts'

/** Decoded states kept, so that reads of one state in a row decode it once. */
const imagesMax = 4

/** Runs dry-runs: each in an instance of its own, dropped afterwards. */
export class ForkRunner {
  readonly #cells: Int32Array
  readonly #images = new Map<string, MemoryImage>()

  constructor(cells: Int32Array) {
    this.#cells = cells
  }

  async run(module: GuestModule, fork: Fork): Promise<Outcome> {
    const image = fork.image === undefined ? undefined : this.#decoded(fork, fork.image)
    const { message, memoryBytes, environment } = fork
    beginWatch(this.#cells, fork.number, message.slot)
    const attempt = async (mayRestart: boolean): Promise<GuestRun> => {
      const guest = await module.instantiate({ memoryBytes, image })
      try {
        return runGuest(guest, message, environment, { mayRestart })
      } finally {
        guest.close()
      }
    }
    try {
      const run = await attempt(true).catch((error) => {
        if (isHeddleError(error, 'guest-must-suspend')) return attempt(false)
        throw error
      })
      const { json, failed, digest, gasUsed } = run
      return { slot: message.slot, failed, json, digest, gasUsed, elapsedMs: 0 }
    } finally {
      endWatch(this.#cells)
    }
  }

  #decoded({ imageName, memoryBytes }: Fork, bytes: Uint8Array): MemoryImage {
    const known = this.#images.get(imageName)
    if (known !== undefined) return known
    const image = decodeImage(bytes, memoryBytes)
    const [oldest] = this.#images.keys()
    if (this.#images.size >= imagesMax && oldest !== undefined) this.#images.delete(oldest)
    this.#images.set(imageName, image)
    return image
  }
}
