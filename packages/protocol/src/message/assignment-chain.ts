import { assert, concatBytes, decodeBase64Url, encodeBase64Url, equalBytes } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import type { Item } from '../item/index.ts'
import { assignmentUntrusted, chainBroken } from './assignment-errors.ts'
import type { Assignment, LogEntry } from './entry.ts'

/** H(0) = sha256(process id): the chain at slot 0 of every legacynet log. Base64url in and out. */
export function hashChainStart(processId: string, engine: CryptoEngine): string {
  return encodeBase64Url(engine.sha256(idBytes(processId)))
}

/** H(n) = sha256(id of assignment n-1 ‖ H(n-1)). Base64url in and out. */
export function hashChainNext(
  previousAssignmentId: string,
  previousChain: string,
  engine: CryptoEngine,
): string {
  const joined = concatBytes([idBytes(previousAssignmentId), idBytes(previousChain)])
  return encodeBase64Url(engine.sha256(joined))
}

/**
 * Checks that `next` follows `previous` in one log (`undefined`: that it opens one). Within an epoch
 * the signer never changes; slots are gapless; time strictly rises; neither epoch nor block height
 * falls. Signatures are not looked at. Throws `chain-broken`.
 */
export function checkChain(
  previous: Assignment | undefined,
  next: Assignment,
  engine: CryptoEngine,
): void {
  const flaw = previous ? followingFlaw(previous, next, engine) : openingFlaw(next, engine)
  if (flaw !== undefined) throw chainBroken(flaw, next.processId, next.slot)
}

function openingFlaw(first: Assignment, engine: CryptoEngine): string | undefined {
  if (first.slot !== 0) return `a log opens with slot 0, not ${first.slot}`
  if (first.messageId !== first.processId) return 'slot 0 must hold the process itself'
  if (first.hashChain !== hashChainStart(first.processId, engine)) return 'wrong Hash-Chain'
  return undefined
}

function followingFlaw(
  previous: Assignment,
  next: Assignment,
  engine: CryptoEngine,
): string | undefined {
  if (next.processId !== previous.processId) return `the slot before is of ${previous.processId}`
  if (next.slot !== previous.slot + 1) return `slot ${previous.slot + 1} is expected`
  if (next.hashChain !== hashChainNext(previous.item.id, previous.hashChain, engine)) {
    return 'wrong Hash-Chain'
  }
  if (next.epoch < previous.epoch) return `Epoch fell from ${previous.epoch} to ${next.epoch}`
  if (next.epoch === previous.epoch && !sameSigner(previous.item, next.item)) {
    return 'another key signed it within one epoch'
  }
  if (next.timestampMs <= previous.timestampMs) return 'Timestamp did not rise'
  if (next.blockHeight < previous.blockHeight) return 'Block-Height fell'
  return undefined
}

/**
 * Checks one entry by itself: that `schedulerAddress` (base64url sha256 of the owner) signed the
 * assignment, and that the message it came with is the one it names. `verify` checks a signature.
 * Throws `assignment-untrusted`.
 */
export async function verifyAssignment(
  entry: LogEntry,
  schedulerAddress: string,
  engine: CryptoEngine,
  verify: (item: Item) => Promise<boolean>,
): Promise<void> {
  const { item, messageId, processId } = entry.assignment
  const signer = encodeBase64Url(engine.sha256(item.owner))
  if (signer !== schedulerAddress) {
    const what = `it was signed by ${signer}, and ${processId} is scheduled by ${schedulerAddress}`
    throw assignmentUntrusted(what, item.id)
  }
  if (entry.message !== undefined && entry.message.id !== messageId) {
    const what = `it names message ${messageId} but came with ${entry.message.id}`
    throw assignmentUntrusted(what, item.id)
  }
  if (!(await verify(item))) throw assignmentUntrusted('its signature is wrong', item.id)
}

function sameSigner(a: Item, b: Item): boolean {
  return a.signatureType === b.signatureType && equalBytes(a.owner, b.owner)
}

function idBytes(id: string): Uint8Array {
  const bytes = decodeBase64Url(id)
  assert(bytes?.length === 32, `${id} is 32 bytes as base64url`)
  return bytes
}
