import { errorMessage } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, ownerAddress } from '@heddle/protocol/item'
import {
  type Assignment,
  checkChain,
  type LogEntry,
  verifyAssignment,
} from '@heddle/protocol/message'
import type { Retriever } from '../retriever/retriever.ts'
import { logPartInvalid } from './errors.ts'
import { decodePart, decodePartHead, partBytesMax, partHeadBytes } from './part.ts'
import type { CertifiedRange } from './range.ts'

export type RecoverLogInput = {
  readonly processId: string
  /** The newest is enough; more spare reading the way back. */
  readonly ranges: readonly CertifiedRange[]
  readonly retriever: Pick<Retriever, 'read'>
  readonly engine: CryptoEngine
  /** Checks an item's signature. */
  verify(item: Item): Promise<boolean>
  /** Address that must have signed all assignments; whoever signed the first where undefined. */
  readonly scheduler?: string | undefined
  readonly signal?: AbortSignal
}

/** A part of a log, checked, and the range it came from. */
export type RecoveredPart = {
  readonly range: CertifiedRange
  readonly entries: readonly LogEntry[]
}

/**
 * Reads a process's log back from storers, in order, one part at a time; each entry's signatures and the
 * chain are checked before it is given. Throws `log-part-invalid`, `da-rows-missing`, and what certificates
 * are refused with.
 */
export async function* recoverLog(input: RecoverLogInput): AsyncGenerator<RecoveredPart> {
  const { processId } = input
  const ranges = await allRanges(input)
  let previous: Assignment | undefined
  let scheduler = input.scheduler
  for (const range of ranges) {
    const bytes = await readBytes(input, range, range.toByte)
    const { entries, fromSlot } = decodePart(processId, bytes, input.engine)
    if (fromSlot !== range.fromSlot || fromSlot + entries.length !== range.toSlot) {
      throw logPartInvalid(processId, `slots ${range.fromSlot} on are not where a range says`)
    }
    const [first] = entries
    scheduler ??= first && ownerAddress(first.assignment.item, input.engine)
    await checkEntries(input, entries, previous, scheduler ?? '')
    previous = entries.at(-1)?.assignment
    yield { range, entries }
  }
}

/** All ranges up to the newest known, in order: what is not known is named by the part behind it. */
async function allRanges(input: RecoverLogInput): Promise<CertifiedRange[]> {
  const { processId } = input
  const byEnd = new Map(input.ranges.map((range) => [range.toSlot, range]))
  const newest = [...byEnd.values()].sort((a, b) => b.toSlot - a.toSlot)[0]
  if (newest === undefined) throw logPartInvalid(processId, 'no certificates were given')
  const found = [newest]
  for (let at = newest; at.fromSlot > 0; ) {
    input.signal?.throwIfAborted()
    const before = byEnd.get(at.fromSlot) ?? (await rangeBefore(input, at))
    found.push(before)
    at = before
  }
  return found.reverse()
}

async function rangeBefore(input: RecoverLogInput, range: CertifiedRange): Promise<CertifiedRange> {
  const toByte = Math.min(range.toByte, range.fromByte + partHeadBytes)
  const { previous } = decodePartHead(input.processId, await readBytes(input, range, toByte))
  if (previous !== undefined && previous.toSlot === range.fromSlot) return previous
  throw logPartInvalid(input.processId, `nothing tells where slot ${range.fromSlot - 1} is`)
}

async function readBytes(
  { processId, retriever, signal }: RecoverLogInput,
  { certificate, fromByte }: CertifiedRange,
  toByte: number,
): Promise<Uint8Array> {
  if (toByte - fromByte > partBytesMax) {
    throw logPartInvalid(processId, `a part of ${toByte - fromByte} bytes is over ${partBytesMax}`)
  }
  const parts: Uint8Array[] = []
  const options = { fromByte, toByte, ...(signal === undefined ? {} : { signal }) }
  for await (const part of retriever.read(certificate, options)) parts.push(part.slice())
  const all = Buffer.concat(parts)
  return new Uint8Array(all.buffer, all.byteOffset, all.length)
}

async function checkEntries(
  { processId, engine, verify }: RecoverLogInput,
  entries: readonly LogEntry[],
  before: Assignment | undefined,
  scheduler: string,
): Promise<void> {
  const checks: Promise<void>[] = []
  try {
    let previous = before
    for (const entry of entries) {
      if (entry.assignment.processId !== processId)
        throw new Error('an entry is of another process')
      checkChain(previous, entry.assignment, engine)
      previous = entry.assignment
      checks.push(verifyAssignment(entry, scheduler, engine, verify))
      if (entry.message !== undefined) checks.push(verifySigned(entry.message, verify))
    }
    await Promise.all(checks)
  } catch (error) {
    await Promise.allSettled(checks)
    throw logPartInvalid(processId, errorMessage(error), error)
  }
}

async function verifySigned(item: Item, verify: RecoverLogInput['verify']): Promise<void> {
  if (!(await verify(item))) throw new Error(`the signature of ${item.id} is wrong`)
}
