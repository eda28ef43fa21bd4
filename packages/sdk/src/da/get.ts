import { concatBytes, encodeBase64Url, isHeddleError } from '@heddle/protocol/base'
import {
  type Certificate,
  type CommitmentEngine,
  certificateCommitment,
  type OpenCommitment,
  type RowSegment,
  rangeBytes,
  readSegmentFrames,
  type SegmentPieces,
  segmentsOfRange,
  stripeRanges,
  verifyRowSegment,
} from '@heddle/protocol/certificate'
import { answerCut } from '../errors.ts'
import type { Transport } from '../transport.ts'
import { blobCut, rangeInvalid, rowForged } from './errors.ts'
import { type BlobReference, parseReference } from './reference.ts'
import type { DaSource } from './source.ts'
import type { AnyCertificate } from './verify.ts'

/** How a blob is read. */
export type GetInput = {
  /** Where it is at hand; else the node is asked for it. */
  readonly certificate?: AnyCertificate
  readonly signal?: AbortSignal
  /** Hears how many bytes have come and how many there will be. */
  readonly onProgress?: (gotBytes: number, totalBytes: number) => void
}

/**
 * The bytes of a blob as they come. The node sends rows with their proofs; each is checked here against the
 * commitment (path and fingerprint, spec/04-commitment.md §4), and what is missing is decoded here, so that
 * no byte is taken on a node's word. Throws `da-row-forged` where a row is not the blob's,
 * `commitment-mismatch` where the fingerprints are not, `certificate` where the storer set does not bear the
 * certificate; where the answer breaks off `da-blob-cut` or `answer-cut`, and never ends as if all had come.
 */
export async function* getBlob(
  source: DaSource,
  reference: string | BlobReference,
  { signal, certificate: given, onProgress = () => {} }: GetInput,
): AsyncGenerator<Uint8Array> {
  const { commitment, fromByte = 0, toByte: end } = parseReference(reference)
  const certificate = await source.certificate(given ?? commitment, signal)
  const { lengthBytes } = certificate.parameters
  const toByte = end ?? lengthBytes
  const isNamed = encodeBase64Url(certificateCommitment(certificate)) === commitment
  if (!isNamed || fromByte >= toByte || toByte > lengthBytes) {
    throw rangeInvalid(commitment, fromByte, toByte, lengthBytes)
  }
  const open = await source.open(certificate, signal)
  const { transport } = source
  const path = `/da/segments/${commitment}?from=${fromByte}&to=${toByte}`
  const response = await transport.open(path, signal === undefined ? {} : { signal })
  const frames = readSegmentFrames(open.layout, bytesOf(transport, response, signal))
  const blob = { commitment, certificate, open, engine: source.engineFor(certificate) }
  const range = { fromByte, toByte }
  let gotBytes = 0
  try {
    for await (const bytes of decodeFrames(transport, blob, frames, range)) {
      gotBytes += bytes.length
      onProgress(gotBytes, toByte - fromByte)
      yield bytes
    }
  } catch (error) {
    const isCut = isHeddleError(error) && error.code === 'da-segment-frame'
    throw isCut ? blobCut(commitment, gotBytes, toByte - fromByte, error) : error
  } finally {
    await frames.return(undefined)
  }
}

/** A whole blob in memory. */
export async function readBlob(
  source: DaSource,
  reference: string | BlobReference,
  input: GetInput,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of getBlob(source, reference, input)) parts.push(part)
  return concatBytes(parts)
}

type ReadBlob = {
  readonly commitment: string
  readonly certificate: Certificate
  readonly open: OpenCommitment
  readonly engine: CommitmentEngine
}

async function* decodeFrames(
  transport: Transport,
  blob: ReadBlob,
  frames: AsyncGenerator<RowSegment>,
  { fromByte, toByte }: { readonly fromByte: number; readonly toByte: number },
): AsyncGenerator<Uint8Array> {
  const { open, engine, commitment } = blob
  const { layout } = open
  const { first, last } = segmentsOfRange(layout, fromByte, toByte)
  let gotBytes = 0
  for (let segment = first; segment <= last; segment++) {
    const ranges = stripeRanges(layout, segment, fromByte, toByte)
    const needed = new Set(ranges.flatMap(({ rows }) => rows))
    const rows = await gatherSegment(transport, blob, frames, segment, needed)
    if (rows === undefined) throw blobCut(commitment, gotBytes, toByte - fromByte)
    for (const range of ranges) {
      const bytes = rangeBytes(engine.erasure, layout, range, rows)
      gotBytes += bytes.length
      yield bytes
    }
  }
}

/** Checked rows of a segment: all that are needed, or any k; undefined where too few come. */
async function gatherSegment(
  { url }: Transport,
  { open, engine, commitment }: ReadBlob,
  frames: AsyncGenerator<RowSegment>,
  segment: number,
  needed: ReadonlySet<number>,
): Promise<SegmentPieces | undefined> {
  const { k, n } = open.layout
  const rows = new Map<number, readonly Uint8Array[]>()
  const isEnough = () => rows.size >= k || [...needed].every((row) => rows.has(row))
  // A segment has n rows, and as many of the one before may be left over.
  for (let frame = 0; frame < 2 * n && !isEnough(); frame++) {
    const { value: given, done } = await frames.next()
    if (done || given.segment > segment) return undefined
    if (given.segment < segment || rows.has(given.row)) continue
    const fault = verifyRowSegment(engine, open, given)
    if (fault !== undefined) throw rowForged(commitment, url, given.row, fault)
    rows.set(given.row, given.pieces)
  }
  return isEnough() ? rows : undefined
}

async function* bytesOf(
  { url }: Transport,
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  try {
    for (;;) {
      const read = await reader?.read().catch((cause: unknown) => {
        throw signal?.aborted ? cause : answerCut(url, cause)
      })
      if (read === undefined || read.done) return
      yield read.value
    }
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}
