import { type CheckedBranches, validatePath } from '@heddle/protocol/arweave'
import { equalBytes } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { ChunkBytes } from './chunk-bytes.ts'
import { chunkDamaged, chunkMissing, rangeInvalid } from './errors.ts'
import type { ProvenBytes, StoredData } from './face.ts'
import type { ReadMemory } from './read-memory.ts'
import { chunkHeadBytes, type DataKey, keyOf, nameOf } from './record.ts'
import type { ChunkLocation, Piece, StoreIndex } from './store-index.ts'

export type ReadParts = {
  readonly chunks: ChunkBytes
  readonly index: StoreIndex
  readonly engine: CryptoEngine
  /** Runs of chunks one reader has under way. */
  readonly readAhead: number
}

/** Memory of a reader that gives it back with each step. */
type Reading = ReadParts & { readonly memory?: ReadMemory | undefined }

/** Pieces looked up at a time; their paths share most of their branches. */
const piecesPerLookup = 64
/** Chunks read and checked in one go: 1 MiB. */
const chunksPerRun = 4

/** See `Store.read`. */
export async function* readData(
  parts: Reading,
  name: StoredData,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Uint8Array> {
  const { dataRoot, sizeBytes } = name
  const isRange = Number.isSafeInteger(fromByte) && Number.isSafeInteger(toByte)
  if (!isRange || fromByte < 0 || toByte < fromByte || toByte > sizeBytes) {
    throw rangeInvalid(fromByte, toByte, sizeBytes)
  }
  if (fromByte === toByte) return
  const data = keyOf(dataRoot, sizeBytes)
  if (data === undefined) throw chunkMissing(name, fromByte)
  const ahead: Promise<Outcome>[] = []
  async function* takeOldest() {
    const { settled = [], whole } = (await ahead[0]) ?? {}
    for (const one of settled) yield take(one, fromByte, toByte)
    if (whole !== undefined) parts.memory?.give(whole)
    ahead.shift()
  }
  try {
    for (const step of runsOf(parts.index, data, fromByte, toByte)) {
      ahead.push(
        'error' in step ? Promise.resolve({ settled: [step] }) : readRun(parts, data, step),
      )
      if (ahead.length < parts.readAhead) continue
      yield* takeOldest()
    }
    while (ahead.length > 0) yield* takeOldest()
  } finally {
    // The reader left early: nothing stays under way behind its back. What it was given last it may
    // still be at.
    const [, ...others] = await Promise.all(ahead)
    for (const { whole } of others) if (whole !== undefined) parts.memory?.give(whole)
  }
}

/** See `Store.chunk`. */
export async function readChunk(
  parts: ReadParts,
  { dataRoot, sizeBytes }: StoredData,
  offset: number,
): Promise<ProvenBytes | undefined> {
  const data = keyOf(dataRoot, sizeBytes)
  const isWithin = Number.isSafeInteger(offset) && offset >= 0 && offset < sizeBytes
  if (data === undefined || !isWithin) return undefined
  const piece = parts.index.pieces(data, offset, 1)[0]
  if (piece === undefined || piece.fromByte > offset || piece.location === undefined) {
    return undefined
  }
  const { fromByte, toByte, path: dataPath } = piece
  return { bytes: await readPiece(parts, data, piece), dataPath, fromByte, toByte }
}

/** The verified bytes of one piece. Throws `store-chunk-missing`, `store-chunk-damaged`. */
export async function readPiece(
  { chunks, engine }: Pick<ReadParts, 'chunks' | 'engine'>,
  data: DataKey,
  piece: Piece,
): Promise<Uint8Array> {
  const location = checkPath(engine, data, piece)
  return checkBytes(data, piece, await chunks.read(piece.hash, location))
}

/** Where a piece lies, once its path is checked to the root. */
function checkPath(
  engine: CryptoEngine,
  data: DataKey,
  { fromByte, toByte, hash, path, location }: Piece,
  checked?: CheckedBranches,
): ChunkLocation {
  if (location === undefined) throw chunkMissing(nameOf(data), fromByte)
  const proven = validatePath(data, fromByte, path, engine, checked)
  const isProven =
    proven?.fromByte === fromByte && proven.toByte === toByte && equalBytes(proven.dataHash, hash)
  if (isProven) return location
  throw chunkDamaged(nameOf(data), fromByte, 'its path does not lead to the root')
}

function checkBytes(
  data: DataKey,
  { fromByte, toByte }: Piece,
  bytes: Uint8Array | undefined,
): Uint8Array {
  if (bytes?.length === toByte - fromByte) return bytes
  throw chunkDamaged(nameOf(data), fromByte, 'its bytes are not those that were kept')
}

type Run = { readonly pieces: readonly Piece[]; readonly checked: CheckedBranches }
type Chunk = { readonly bytes: Uint8Array; readonly fromByte: number }
type Failed = { readonly error: unknown }
type Settled = { readonly chunk: Chunk } | Failed
/** Chunks of a run, and the memory all of them lie in. */
type Outcome = {
  readonly settled: readonly Settled[]
  readonly whole?: Uint8Array<ArrayBuffer> | undefined
}

/** The pieces of a range in runs, and at the first that is not here the error for it. */
function* runsOf(
  index: StoreIndex,
  data: DataKey,
  fromByte: number,
  toByte: number,
): Generator<Run | Failed> {
  let next = fromByte
  while (next < toByte) {
    const checked: CheckedBranches = new Map()
    const run: Piece[] = []
    for (const piece of index.pieces(data, next, piecesPerLookup)) {
      const isNext = next === fromByte ? piece.fromByte <= next : piece.fromByte === next
      if (!isNext || next >= toByte) break
      if (!continues(run, piece)) yield { pieces: run.splice(0), checked }
      run.push(piece)
      next = piece.toByte
    }
    const isStuck = run.length === 0
    if (!isStuck) yield { pieces: run, checked }
    if (isStuck || (next < toByte && index.pieces(data, next, 1)[0]?.fromByte !== next)) {
      yield { error: chunkMissing(nameOf(data), next) }
      return
    }
  }
}

/** Tells whether a piece lies right behind a run, which then is read in one go. */
function continues(run: readonly Piece[], { location }: Piece): boolean {
  const last = run.at(-1)?.location
  if (run.length === 0) return true
  if (last === undefined || location === undefined || run.length >= chunksPerRun) return false
  const behind = last.offset + chunkHeadBytes(last.blake3) + last.bytes
  return location.segment === last.segment && location.offset === behind
}

/** Never rejects: an error waits until its turn, what lies before it is served first. */
async function readRun(parts: Reading, data: DataKey, run: Run): Promise<Outcome> {
  const { pieces, checked } = run
  const [only] = pieces
  const settled: Settled[] = []
  try {
    if (only !== undefined && pieces.length === 1) {
      // Alone it may be in memory, and is worth keeping there.
      const bytes = await readPiece(parts, data, only)
      return { settled: [{ chunk: { bytes, fromByte: only.fromByte } }] }
    }
    const wanted = pieces.map((piece) => ({
      hash: piece.hash,
      location: checkPath(parts.engine, data, piece, checked),
    }))
    const { found, whole } = await parts.chunks.readRun(wanted, parts.memory)
    for (const [i, piece] of pieces.entries()) {
      const bytes = checkBytes(data, piece, found[i])
      settled.push({ chunk: { bytes, fromByte: piece.fromByte } })
    }
    return { settled, whole }
  } catch (error) {
    settled.push({ error })
    return { settled }
  }
}

/** The part of a chunk that lies in the range. */
function take(settled: Settled, fromByte: number, toByte: number): Uint8Array {
  if ('error' in settled) throw settled.error
  const { bytes, fromByte: start } = settled.chunk
  return bytes.subarray(Math.max(0, fromByte - start), toByte - start)
}
