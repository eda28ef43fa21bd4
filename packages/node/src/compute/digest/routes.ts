import { encodeBase64Url } from '@heddle/protocol/base'
import { slotProofJson } from '@heddle/protocol/digest'
import type { RouteReply, RouteRequest } from '../../network/index.ts'
import { requestInvalid } from '../errors.ts'
import type { Evaluation } from '../face.ts'
import type { ProcessLog } from '../ports.ts'
import type { Prover } from './prover.ts'

type Dependencies = {
  readonly log: Pick<ProcessLog, 'head'>
  /** Waits for a slot's evaluation; rejects with what is wrong with the name or the slot. */
  readonly result: (processId: string, slot: number, patience: AbortSignal) => Promise<Evaluation>
  readonly prover: Prover
}

type Handle = (request: RouteRequest, patience: AbortSignal) => Promise<RouteReply>

/** Proofs in one page; each holds a message and a result, so bytes end a page as well. */
const pageProofsMax = 100
const pageTextMax = 8 * 1024 * 1024

/** What a third party asks a unit for to check it: spec/06-digests.md §7. */
export function proofHandlers(dependencies: Dependencies): readonly (readonly [string, Handle])[] {
  return [
    ['/proof/:pid/:slot', (request, patience) => readProof(dependencies, request, patience)],
    ['/proofs/:pid', (request, patience) => readProofs(dependencies, request, patience)],
    ['/checkpoint/:pid', (request, patience) => readCheckpoint(dependencies, request, patience)],
  ]
}

async function readProof(
  { prover, result }: Dependencies,
  { params }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  const processId = params.pid ?? ''
  const slot = wholeNumber('slot', params.slot ?? '')
  await result(processId, slot, patience)
  return { status: 200, body: slotProofJson(await prover.prove(processId, slot)) }
}

async function readProofs(
  { prover, result }: Dependencies,
  { params, query }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  const processId = params.pid ?? ''
  const from = wholeNumber('from', query.get('from') ?? '0')
  const limit = Math.min(wholeNumber('limit', query.get('limit') ?? '100'), pageProofsMax)
  await result(processId, from, patience)
  const proofs: Record<string, unknown>[] = []
  let length = 0
  for await (const proof of prover.proofs(processId, from, limit)) {
    const json = slotProofJson(proof)
    length += JSON.stringify(json).length
    if (proofs.length > 0 && length > pageTextMax) break
    proofs.push(json)
  }
  return { status: 200, body: { proofs } }
}

async function readCheckpoint(
  { prover, result, log }: Dependencies,
  { params, query }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  const processId = params.pid ?? ''
  const to = query.get('to')
  const slotMax = to === null || to === '' ? log.head(processId) : wholeNumber('to', to)
  await result(processId, Math.max(0, slotMax - 1), patience)
  const item = await prover.checkpoint(processId, slotMax)
  const headers = {
    'content-type': 'application/octet-stream',
    'x-heddle-owner': encodeBase64Url(item.owner),
  }
  return { status: 200, headers, body: item.bytes }
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw requestInvalid(`${name} must be a whole number`)
}
