import type { CryptoEngine } from '@heddle/protocol/crypto'
import {
  attestationDraft,
  checkpointDraft,
  type Decider,
  readCheckpointItem,
  type SlotProof,
} from '@heddle/protocol/digest'
import { createItem, type Item, type Signer, tagValue } from '@heddle/protocol/item'
import type { LogEntry, Result } from '@heddle/protocol/message'
import type { Checkpoints } from '../checkpoint/index.ts'
import { checkpointMissing, logUnreadable } from '../errors.ts'
import type { ProcessLog } from '../ports.ts'
import type { ResultLog } from '../results/result-log.ts'
import { chainBefore } from './chain-before.ts'

type ProverDependencies = {
  readonly log: ProcessLog
  readonly results: ResultLog
  readonly checkpoints: Checkpoints
  readonly engine: CryptoEngine
  /** Signs what the unit states; without it proofs carry no attestation. */
  readonly signer?: Signer | undefined
  /** Takes a checkpoint that is to be public. */
  readonly publish?: ((item: Item) => Promise<void>) | undefined
}

/** Entries read at once: each may hold a message of 10 MiB, and a caller may stop after one. */
const pageEntries = 4

/** What one record says, without the proof's context. */
type Recorded = { readonly result: Result; readonly decidedBy: Decider; readonly chain: Uint8Array }

/** Says what the unit evaluated, so that others can check it: proofs of slots, published states. */
export class Prover {
  readonly #dependencies: ProverDependencies
  /** Slot before which the checkpoint published last was taken. */
  readonly #published = new Map<string, number>()

  constructor(dependencies: ProverDependencies) {
    this.#dependencies = dependencies
  }

  /** Proof of a slot whose result is durable, signed, with the newest checkpoint from before it. */
  async prove(processId: string, slot: number): Promise<SlotProof> {
    const { value: proof } = await this.proofs(processId, slot, 1).next()
    if (proof === undefined) throw logUnreadable(processId, slot)
    const before = await this.#export(processId, slot)
    const after = await this.#export(processId, slot + 1)
    const rootAfter = after?.claim.nextSlot === slot + 1 ? after.claim.stateRoot : undefined
    return {
      ...proof,
      checkpoint: before && {
        nextSlot: before.claim.nextSlot,
        stateRoot: before.claim.stateRoot,
      },
      attestation: await this.#attest(proof, rootAfter),
    }
  }

  /**
   * Proofs of durable slots from `fromSlot` on, at most `limit`, without signature or checkpoint.
   */
  async *proofs(processId: string, fromSlot: number, limit: number): AsyncGenerator<SlotProof> {
    const { log, results } = this.#dependencies
    const end = Math.min(fromSlot + limit, results.durableHead(processId))
    if (fromSlot >= end) return
    const moduleId = await this.#moduleOf(processId)
    let before = await chainBefore(this.#dependencies, processId, fromSlot)
    for (let slot = fromSlot; slot < end; ) {
      const entries = await log.entries(processId, slot, Math.min(pageEntries, end - slot))
      if (entries.length === 0) throw logUnreadable(processId, slot)
      for (const entry of entries) {
        const { result, decidedBy, chain } = await this.#recorded(processId, slot++)
        const nothing = { attestation: undefined, checkpoint: undefined }
        yield { entry, moduleId, result, decidedBy, chainBefore: before, chain, ...nothing }
        before = chain
      }
    }
  }

  /** The newest checkpoint with no slot at or above `slotMax` in it, as a signed item. */
  async checkpoint(processId: string, slotMax: number): Promise<Item> {
    const { engine, signer } = this.#dependencies
    const found = await this.#export(processId, slotMax)
    if (found === undefined || signer === undefined) throw checkpointMissing(processId, slotMax)
    const { nextSlot, resultChain, stateRoot, moduleId } = found.claim
    const slot = nextSlot - 1
    const { epoch } = (await this.#entry(processId, slot)).assignment
    const statement = { processId, epoch, slot, resultChain, stateRoot, moduleId }
    return await createItem(checkpointDraft(statement, found.bytes), signer, engine)
  }

  /**
   * Hands the newest checkpoint to whoever keeps items; resolves with its id, or with undefined
   * where that one is public already. Rejects with `checkpoint-missing`.
   */
  async publish(processId: string): Promise<string | undefined> {
    const { publish, results } = this.#dependencies
    const slotMax = results.durableHead(processId)
    const newest = await this.#export(processId, slotMax)
    if (newest !== undefined && this.#published.get(processId) === newest.claim.nextSlot) {
      return undefined
    }
    const item = await this.checkpoint(processId, slotMax)
    await publish?.(item)
    this.#published.set(processId, readCheckpointItem(item).slot + 1)
    return item.id
  }

  async #recorded(processId: string, slot: number): Promise<Recorded> {
    const { results } = this.#dependencies
    const evaluation = await results.read(processId, slot)
    for await (const { decidedBy, resultChain } of results.heads(processId, slot, slot + 1)) {
      if (evaluation === undefined) break
      const chain = resultChain ?? (await chainBefore(this.#dependencies, processId, slot + 1))
      return { result: evaluation.result, decidedBy, chain }
    }
    throw logUnreadable(processId, slot)
  }

  async #attest(
    { entry, chain }: SlotProof,
    stateRoot: Uint8Array | undefined,
  ): Promise<Item | undefined> {
    const { signer, engine } = this.#dependencies
    if (signer === undefined) return undefined
    const { processId, epoch, slot } = entry.assignment
    const statement = { processId, epoch, slot, resultChain: chain, stateRoot }
    return await createItem(attestationDraft(statement), signer, engine)
  }

  async #export(processId: string, slotMax: number) {
    const { checkpoints } = this.#dependencies
    const moduleId = await this.#moduleOf(processId)
    if (moduleId === undefined) return undefined
    return await checkpoints.export({
      processId,
      moduleId,
      slotMax,
      chainBefore: (slot) => chainBefore(this.#dependencies, processId, slot),
    })
  }

  async #moduleOf(processId: string): Promise<string | undefined> {
    const { message } = await this.#entry(processId, 0)
    return message && tagValue(message.tags, 'Module')
  }

  async #entry(processId: string, slot: number): Promise<LogEntry> {
    const [entry] = await this.#dependencies.log.entries(processId, slot, 1)
    if (entry === undefined) throw logUnreadable(processId, slot)
    return entry
  }
}
