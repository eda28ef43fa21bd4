import { assert } from '@heddle/protocol/base'
import { type Certificate, drawAssignment, layoutOf } from '@heddle/protocol/certificate'
import { committeeBounds, committeeFor, permanent } from '@heddle/protocol/params'
import { BatchPacker } from './batch.ts'
import { disperse } from './disperse.ts'
import { EncoderPool } from './encoder-pool.ts'
import { blobLength, disperserClosed } from './errors.ts'
import { ByteLine } from './line.ts'
import { type DisperserOptions, disperserDefaults } from './options.ts'
import type { DisperserDeps } from './ports.ts'
import type { StorerReport } from './tally.ts'

/** What publishing a blob gives. */
export type Published = {
  readonly certificate: Certificate
  /** Where the bytes are in the certified blob: small ones are packed together with others. */
  readonly fromByte: number
  readonly toByte: number
  /** Every storer of the committee with what became of its part, at the moment of certification. */
  readonly storers: readonly StorerReport[]
}

export type PublishOptions = {
  /** How long the rows are to be kept, from now; `permanent` (0) for ever. */
  readonly retentionSeconds: number
}

/** Expiries are whole minutes, so that blobs of one moment are packed together. */
const expiryUnitSeconds = 60

/**
 * Publishes blobs: encodes on threads, sends every storer of the committee its rows, collects
 * signatures for enough rows, and returns the certificate.
 */
export class DisperserRole {
  readonly #deps: DisperserDeps
  readonly #options: DisperserOptions
  readonly #encoders: EncoderPool
  readonly #line: ByteLine
  readonly #packer: BatchPacker<Published>
  readonly #stop = new AbortController()
  readonly #dispersals = new Set<Promise<unknown>>()

  constructor(deps: DisperserDeps, given: Partial<DisperserOptions> = {}) {
    const options = { ...disperserDefaults, ...given }
    this.#deps = deps
    this.#options = options
    this.#encoders = new EncoderPool(deps.kernel, options.encoders, options.workerUrl)
    this.#line = new ByteLine(options.inFlightBytesMax, options.waitingBytesMax)
    const publish = (expiresAtSeconds: number, parts: readonly Uint8Array[]) =>
      this.#publish(parts, expiresAtSeconds)
    this.#packer = new BatchPacker(deps.runtime.timer, options, publish)
  }

  /**
   * Publishes a blob given in parts, which must not change until this settles. Resolves as soon as
   * the certificate is there. Rejects with `da-not-certified`, `da-blob-length`, `da-busy` or
   * `da-closed`.
   */
  async publish(parts: readonly Uint8Array[], options: PublishOptions): Promise<Published> {
    const lengthBytes = parts.reduce((sum, { length }) => sum + length, 0)
    const { blobBytesMax, packBytes } = this.#options
    if (lengthBytes < 1 || lengthBytes > blobBytesMax) throw blobLength(lengthBytes, blobBytesMax)
    if (this.#stop.signal.aborted) throw disperserClosed()
    const expiresAtSeconds = this.#expiryOf(options)
    const letGo = this.#encoders.hold()
    try {
      if (lengthBytes >= packBytes) return await this.#publish(parts, expiresAtSeconds)
      const packed = await this.#packer.add(expiresAtSeconds, parts, lengthBytes)
      return { ...packed.result, fromByte: packed.fromByte, toByte: packed.toByte }
    } finally {
      letGo()
    }
  }

  /** Gives up what is under way and ends the threads. */
  async close(): Promise<void> {
    this.#packer.close()
    this.#line.close()
    this.#stop.abort(disperserClosed())
    await Promise.allSettled(this.#dispersals)
    await this.#encoders.close()
  }

  #expiryOf({ retentionSeconds }: PublishOptions): number {
    if (retentionSeconds === permanent) return permanent
    const until = this.#deps.runtime.clock.nowMs() / 1000 + retentionSeconds
    return Math.ceil(until / expiryUnitSeconds) * expiryUnitSeconds
  }

  async #publish(parts: readonly Uint8Array[], expiresAtSeconds: number): Promise<Published> {
    const { sets, hash } = this.#deps
    const lengthBytes = parts.reduce((sum, { length }) => sum + length, 0)
    const set = sets.current()
    const k = lengthBytes <= this.#options.smallBlobBytes ? 16 : 64
    const committee = committeeFor(k, set.storers.length)
    assert(committee !== undefined, `there is a committee for k = ${k}`)
    const { n } = committeeBounds(committee)
    const parameters = { k, n, lengthBytes, hashId: hash.id }
    const { stripes, pieceBytes } = layoutOf(parameters)
    const leave = await this.#line.enter(stripes * n * pieceBytes)
    const blob = await this.#encoders.encode(parameters, parts).catch((error: unknown) => {
      leave()
      throw error
    })
    const assignment = drawAssignment(set, blob.committed.commitment, parameters)
    const terms = { setId: assignment.setId, epoch: set.epoch, expiresAtSeconds }
    const { lane, bls, runtime } = this.#deps
    const deps = { lane, bls, hash, timer: runtime.timer, options: this.#options }
    const dispersal = disperse(deps, { blob, assignment, terms }, this.#stop.signal)
    this.#hold(dispersal.settled, (isUnread) => {
      blob.release(isUnread)
      leave()
    })
    const { certificate, storers } = await dispersal.certified
    return { certificate, storers, fromByte: 0, toByte: lengthBytes }
  }

  /** Rows stay in memory until the last storer has them. */
  #hold(settled: Promise<boolean>, release: (isUnread: boolean) => void): void {
    const held = settled.then(release)
    this.#dispersals.add(held)
    void held.finally(() => this.#dispersals.delete(held))
  }
}
