import { dryRunsExhausted } from '../errors.ts'

/** Bounds how many dry-runs one caller has under way, so that nobody's reads starve the others'. */
export class DryRunGate {
  readonly #perPeer: number
  readonly #running = new Map<string, number>()

  constructor(perPeer: number) {
    this.#perPeer = perPeer
  }

  /** Rejects with `dry-runs-exhausted`. */
  async run<T>(peer: string, job: () => Promise<T>): Promise<T> {
    const running = this.#running.get(peer) ?? 0
    if (running >= this.#perPeer) throw dryRunsExhausted(`${running} of yours are under way`)
    this.#running.set(peer, running + 1)
    try {
      return await job()
    } finally {
      const left = (this.#running.get(peer) ?? 1) - 1
      if (left === 0) this.#running.delete(peer)
      else this.#running.set(peer, left)
    }
  }
}
