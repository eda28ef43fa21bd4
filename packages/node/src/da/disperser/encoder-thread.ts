import { parentPort, workerData } from 'node:worker_threads'
import { errorMessage } from '@heddle/protocol/base'
import { type BlobParameters, layoutOf } from '@heddle/protocol/certificate'
import { nativeHash } from '../blake3.ts'
import { nativeCommitment } from '../commitment-engine.ts'
import { openErasureEngine, type WasmErasure } from '../erasure-engine.ts'
import { encodeBlob } from './encode.ts'
import type { EncoderReply, EncoderRequest, EncoderSettings } from './encoder-protocol.ts'

/** An engine with one buffer that fills its arena. */
type Arena = { readonly engine: WasmErasure; readonly bytes: Uint8Array }

/**
 * Arenas not in use that are kept for the next blob (64 MiB of it make 192 MiB of rows: fresh memory costs as
 * much as filling it), and how small the smallest is.
 */
const spareBytesMax = 256 * 2 ** 20
const arenaBytesMin = 4 * 2 ** 20

const { kernel } = workerData as EncoderSettings
const lent = new Map<number, { readonly arena: Arena; readonly parameters: BlobParameters }>()
let spare: Arena[] = []

/** The smallest spare arena that fits without waste, or a new one. */
function takeArena(neededBytes: number): Arena {
  const fitting = spare
    .filter(
      ({ bytes }) => bytes.length >= neededBytes && bytes.length <= 4 * neededBytes + arenaBytesMin,
    )
    .sort((a, b) => a.bytes.length - b.bytes.length)[0]
  if (fitting !== undefined) {
    spare = spare.filter((arena) => arena !== fitting)
    return fitting
  }
  const arenaBytes = Math.max(neededBytes, arenaBytesMin)
  const engine = openErasureEngine(kernel, { arenaBytes })
  return { engine, bytes: engine.allocate(arenaBytes) }
}

function giveBack(arena: Arena): void {
  const spareBytes = spare.reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (spareBytes + arena.bytes.length <= spareBytesMax) spare.push(arena)
}

function answer(request: EncoderRequest): EncoderReply | undefined {
  const { id } = request
  if (request.kind === 'open') {
    const { n, pieceBytes, stripes } = layoutOf(request.parameters)
    const arena = takeArena(stripes * n * pieceBytes)
    lent.set(id, { arena, parameters: request.parameters })
    return { id, kind: 'opened', arena: arena.bytes.subarray(0, stripes * n * pieceBytes) }
  }
  const job = lent.get(id)
  if (request.kind === 'release') {
    lent.delete(id)
    if (job !== undefined && request.isUnread) giveBack(job.arena)
    return undefined
  }
  const hash = job && nativeHash(job.parameters.hashId)
  if (job === undefined || hash === undefined) throw new Error('no such blob or hash')
  const { arena, parameters } = job
  const encoded = encodeBlob(nativeCommitment(arena.engine, hash), parameters, arena.bytes)
  return { id, kind: 'encoded', encoded }
}

parentPort?.on('message', (request: EncoderRequest) => {
  try {
    const reply = answer(request)
    if (reply !== undefined) parentPort?.postMessage(reply)
  } catch (error) {
    const reply: EncoderReply = { id: request.id, kind: 'failed', message: errorMessage(error) }
    parentPort?.postMessage(reply)
  }
})
