import { storerBusy } from './errors.ts'
import type { StorerOptions } from './options.ts'

/** Counts the bytes of requests and replies under way, by peer and in all. */
export class InFlight {
  readonly #options: Pick<StorerOptions, 'inFlightBytesPerPeer' | 'inFlightBytesMax'>
  readonly #byPeer = new Map<string, number>()
  #bytes = 0

  constructor(options: Pick<StorerOptions, 'inFlightBytesPerPeer' | 'inFlightBytesMax'>) {
    this.#options = options
  }

  /** Runs the work if the peer may have so many bytes more under way; throws `storer-busy` if not. */
  async run<T>(peer: string, bytes: number, work: () => Promise<T>): Promise<T> {
    const { inFlightBytesPerPeer, inFlightBytesMax } = this.#options
    const own = (this.#byPeer.get(peer) ?? 0) + bytes
    if (own > inFlightBytesPerPeer || this.#bytes + bytes > inFlightBytesMax) throw storerBusy()
    this.#byPeer.set(peer, own)
    this.#bytes += bytes
    try {
      return await work()
    } finally {
      this.#bytes -= bytes
      const rest = (this.#byPeer.get(peer) ?? 0) - bytes
      if (rest > 0) this.#byPeer.set(peer, rest)
      else this.#byPeer.delete(peer)
    }
  }
}
