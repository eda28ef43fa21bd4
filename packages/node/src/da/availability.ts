import { toHex } from '@heddle/protocol/base'
import {
  type BlsSigner,
  type CommitmentEngine,
  makeStorerSet,
  provePossession,
  type StorerSet,
} from '@heddle/protocol/certificate'
import type { BlobHash } from '@heddle/protocol/merkle'
import type { Runtime } from '../runtime/index.ts'
import { openBlake3 } from './blake3.ts'
import { nativeBls } from './bls.ts'
import { nativeSha256 } from './commitment-engine.ts'
import { DisperserRole, type Published, type PublishOptions } from './disperser/disperser.ts'
import type { DisperserOptions } from './disperser/options.ts'
import { openEngines } from './engines.ts'
import { loadErasureKernel } from './kernel.ts'
import { joinLane } from './lane/bulk-lane.ts'
import type { Lane, LaneHandler } from './lane/lane.ts'
import { keptSecret, loadStorerKeys } from './lane/storer-keys.ts'
import type { StorerOptions } from './storer/options.ts'
import type { StorerSets } from './storer/ports.ts'
import { StorerRole } from './storer/storer.ts'

export type AvailabilityDeps = {
  readonly runtime: Runtime
  /** One subfolder for each storer, and the beacon. */
  readonly folder: string
}

export type AvailabilityOptions = {
  /** Storers in this process; 4 bear one that fails. */
  readonly storers: number
  readonly storer: Partial<StorerOptions>
  readonly disperser: Partial<DisperserOptions>
  /** Stands between disperser and storers: tests put faults here. */
  readonly wrap: (key: Uint8Array, handler: LaneHandler) => LaneHandler
}

/** All roles of the wide lane in one process. */
export type Availability = {
  /** Publishes a blob; see `DisperserRole.publish`. */
  publish(parts: readonly Uint8Array[], options: PublishOptions): Promise<Published>
  /** Reaches the storers, for readers. */
  readonly lane: Lane
  readonly sets: StorerSets
  readonly storers: readonly StorerRole[]
  /** The engine for a blob's hash, for readers on this thread. */
  engineFor(hashId: number): CommitmentEngine | undefined
  close(): Promise<void>
}

const defaults: AvailabilityOptions = {
  storers: 4,
  storer: {},
  disperser: {},
  wrap: (_key, handler) => handler,
}

/**
 * Starts N storers and a disperser joined by a loopback lane, with one storer set of equal stakes
 * for ever (epoch 0). Keys and beacon are made at the first start and kept. What one operator says
 * to itself proves nothing to others; it is the same code, formats and checks as between many.
 */
export async function createAvailability(
  { runtime, folder }: AvailabilityDeps,
  given: Partial<AvailabilityOptions> = {},
): Promise<Availability> {
  const options = { ...defaults, ...given }
  const kernel = await loadErasureKernel(runtime.disk)
  const engineFor = openEngines(kernel)
  const folders = Array.from({ length: options.storers }, (_, i) => `${folder}/storer-${i}`)
  const signers = await Promise.all(
    folders.map(async (own) => (await loadStorerKeys(runtime, own)).bls),
  )
  const sets = fixedSet(makeSet(await keptSecret(runtime, `${folder}/beacon`), signers))
  const storers: StorerRole[] = []
  const handlers = new Map<string, LaneHandler>()
  for (const [i, signer] of signers.entries()) {
    const own = folders[i] ?? folder
    const deps = { runtime, folder: own, signer, sets, engine: engineFor }
    const storer = await StorerRole.open(deps, options.storer)
    storers.push(storer)
    handlers.set(toHex(signer.key), options.wrap(signer.key, storer.handle))
  }
  const lane = joinLane(handlers)
  const hash: BlobHash = openBlake3() ?? nativeSha256
  const deps = { runtime, kernel, lane, sets, bls: nativeBls, hash }
  const disperser = new DisperserRole(deps, options.disperser)
  return {
    publish: (parts, terms) => disperser.publish(parts, terms),
    lane,
    sets,
    storers,
    engineFor,
    async close() {
      await disperser.close()
      await Promise.all(storers.map((storer) => storer.close()))
    },
  }
}

function makeSet(beacon: Uint8Array, signers: readonly BlsSigner[]): StorerSet {
  const registrations = signers.map((signer) => ({
    key: signer.key,
    stake: 1n,
    proof: provePossession(signer),
  }))
  return makeStorerSet(nativeBls, 0, beacon, registrations)
}

function fixedSet(set: StorerSet): StorerSets {
  return { current: () => set, at: (epoch) => (epoch === set.epoch ? set : undefined) }
}
