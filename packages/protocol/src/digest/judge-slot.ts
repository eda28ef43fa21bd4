import { encodeBase64Url, equalBytes, errorMessage } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { type Item, ownerAddress } from '../item/index.ts'
import { errorResult, type LogEntry, verifyAssignment } from '../message/index.ts'
import { type AttestationStatement, readAttestation } from './attestation.ts'
import { type Difference, firstDifference } from './difference.ts'
import { digestResult, resultChainNext, resultChainStart } from './result-chain.ts'
import type { SlotProof } from './slot-proof.ts'

/** What running one message gave. */
export type SlotRun = {
  readonly result: unknown
  /** State before and after it, where the evaluator takes their roots. */
  readonly rootBefore?: Uint8Array | undefined
  readonly rootAfter?: Uint8Array | undefined
}

export type JudgeContext = {
  readonly engine: CryptoEngine
  readonly verify: (item: Item) => Promise<boolean>
  /** Address of the process's scheduler: the signer of slot 0's assignment. */
  readonly schedulerAddress: string
  /** Runs the slot's message on the state before it. May throw: then nothing can be said. */
  readonly evaluate: (entry: LogEntry) => Promise<SlotRun>
  /** resultChain(slot − 1) where it is known from elsewhere. */
  readonly chainBefore?: Uint8Array | undefined
  /** State roots claimed for this slot, e.g. by signed checkpoints. */
  readonly rootBefore?: Uint8Array | undefined
  readonly rootAfter?: Uint8Array | undefined
}

/** What came of checking one slot. Digests among the values are base64url. */
export type SlotVerdict =
  | { readonly outcome: 'verified'; readonly rootAfter: Uint8Array | undefined }
  | ({ readonly outcome: 'differs' } & Difference)
  | {
      readonly outcome: 'undecided'
      readonly reason: string
      /** The claim holds together, and its result is the unit's own decision. */
      readonly isByUnit?: boolean
    }

/**
 * Judges what a unit claims of one slot by running that one message again. The claim must hold
 * together by itself first: scheduler's signature, result, chain and attestation; what contradicts
 * itself needs no evaluation. Never throws on what a unit sent.
 */
export async function judgeSlot(proof: SlotProof, context: JudgeContext): Promise<SlotVerdict> {
  const { engine, schedulerAddress, verify, evaluate } = context
  const { entry } = proof
  try {
    await verifyAssignment(entry, schedulerAddress, engine, verify)
  } catch (error) {
    return { outcome: 'undecided', reason: `not a slot of this log: ${errorMessage(error)}` }
  }
  if (entry.message !== undefined && !(await verify(entry.message))) {
    return { outcome: 'undecided', reason: "the message's signature is wrong" }
  }
  const contradiction = (await contradictionIn(proof, context)) ?? chainDifference(proof, context)
  if (contradiction !== undefined) return { outcome: 'differs', ...contradiction }
  if (proof.decidedBy === 'unit') {
    const pretended = pretendedDifference(proof.result)
    if (pretended !== undefined) return { outcome: 'differs', ...pretended }
    const reason = 'the unit ended this evaluation by its clock, which nobody can repeat'
    return { outcome: 'undecided', reason, isByUnit: true }
  }
  let run: SlotRun
  try {
    run = await evaluate(entry)
  } catch (error) {
    return { outcome: 'undecided', reason: errorMessage(error) }
  }
  const difference =
    digestDifference('stateRoot before', context.rootBefore, run.rootBefore) ??
    firstDifference(proof.result, run.result) ??
    digestDifference('stateRoot', context.rootAfter, run.rootAfter)
  if (difference !== undefined) return { outcome: 'differs', ...difference }
  return { outcome: 'verified', rootAfter: run.rootAfter }
}

/** A unit's clock can end a message; it gives no output and emits nothing. */
function pretendedDifference(result: unknown): Difference | undefined {
  const error = (result as { readonly Error?: unknown } | null | undefined)?.Error
  const isReason = typeof error === 'string' && error !== ''
  return firstDifference(result, errorResult(isReason ? error : 'why it ended'))
}

/** Where the claim contradicts itself, or its own signed statement. */
async function contradictionIn(
  proof: SlotProof,
  { engine, verify }: JudgeContext,
): Promise<Difference | undefined> {
  const { entry, result, chainBefore, chain, attestation } = proof
  const { assignment } = entry
  const resultDigest = digestOrUndefined(result, engine)
  if (resultDigest === undefined) {
    return { field: 'Result', claimed: 'deeper than any unit keeps', found: undefined }
  }
  const link = { assignmentId: assignment.item.id, resultDigest }
  const broken = digestDifference('resultChain', chain, resultChainNext(chainBefore, link, engine))
  if (broken !== undefined || attestation === undefined) return broken
  if (!(await verify(attestation))) {
    return { field: 'attestation', claimed: 'signed', found: 'its signature is wrong' }
  }
  return attestedDifference(attestation, proof)
}

function attestedDifference(item: Item, { entry, chain }: SlotProof): Difference | undefined {
  let stated: AttestationStatement
  try {
    stated = readAttestation(item)
  } catch (error) {
    return { field: 'attestation', claimed: 'a statement', found: errorMessage(error) }
  }
  const { processId, epoch, slot } = entry.assignment
  return (
    firstDifference(stated.processId, processId, 'attestation.process') ??
    firstDifference(stated.epoch, epoch, 'attestation.epoch') ??
    firstDifference(stated.slot, slot, 'attestation.slot') ??
    digestDifference('attestation.resultChain', stated.resultChain, chain)
  )
}

function chainDifference(
  { entry, chainBefore }: SlotProof,
  { engine, chainBefore: known }: JudgeContext,
): Difference | undefined {
  const { processId, slot } = entry.assignment
  const expected = slot === 0 ? resultChainStart(processId, engine) : known
  return digestDifference('resultChainBefore', chainBefore, expected)
}

/** Says nothing where one of them is not known. */
function digestDifference(
  field: string,
  claimed: Uint8Array | undefined,
  found: Uint8Array | undefined,
): Difference | undefined {
  if (claimed === undefined || found === undefined || equalBytes(claimed, found)) return undefined
  return { field, claimed: encodeBase64Url(claimed), found: encodeBase64Url(found) }
}

function digestOrUndefined(result: unknown, engine: CryptoEngine): Uint8Array | undefined {
  try {
    return digestResult(result, engine)
  } catch {
    return undefined
  }
}

/** Address of who signed a proof's attestation; undefined without one. */
export function attestedBy(proof: SlotProof, engine: CryptoEngine): string | undefined {
  return proof.attestation && ownerAddress(proof.attestation, engine)
}
