import { encodeBase64Url, errorMessage, HeddleError } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateCommitment,
  layoutOf,
  pieceSamplingConfidence,
  rowSamplesFor,
  rowSamplingConfidence,
  verifyRow,
  verifySample,
} from '@heddle/protocol/certificate'
import { drawBelow, drawDistinct } from './draw.ts'
import { type DaSource, headerBytes } from './source.ts'

/** How much is drawn, and from where. */
export type SampleInput = {
  /**
   * `rows`: whole rows, which speak for the whole blob (the default for blobs of one stripe, where row and
   * piece are one); `pieces`: 16 KiB each, which speak for a range of bytes.
   */
  readonly of?: 'rows' | 'pieces'
  /** How many; by default as many rows as `bits` asks for, or 30 pieces. */
  readonly samples?: number
  /** For rows: a confidence of 1 − 2^−bits is wanted; 30 unless told. */
  readonly bits?: number
  /** For pieces: the range of bytes whose stripes are drawn from; all unless told. */
  readonly fromByte?: number
  /** The end of that range, excluded. */
  readonly toByte?: number
  /** Samples asked for at once. */
  readonly atOnce?: number
  readonly signal?: AbortSignal
  /** Hears how many have been checked, of how many. */
  readonly onProgress?: (done: number, samples: number) => void
}

/** One row or piece that was asked for. */
export type DrawnSample = {
  readonly row: number
  readonly stripe?: number
  /** Why it is a gap; undefined where it came and is right. */
  readonly gap?: string
}

/** What sampling found. */
export type SampleReport = {
  readonly commitment: string
  readonly of: 'rows' | 'pieces'
  readonly samples: readonly DrawnSample[]
  /** Samples that did not come, or were wrong. */
  readonly gaps: number
  /** That the blob (or the range) can be recovered; 0 where there is a gap. */
  readonly confidence: number
  /** How `confidence` follows from the numbers. */
  readonly formula: string
  readonly sampledBytes: number
}

const bitsDefault = 30
const piecesDefault = 30
const atOnceDefault = 4

/**
 * Samples a certified blob: draws rows or pieces here, where nobody can foresee them, and checks each
 * against the commitment. What counts as there is what this node could fetch from the storer that has it.
 */
export async function sampleBlob(
  source: DaSource,
  certificate: Certificate,
  input: SampleInput,
): Promise<SampleReport> {
  const { parameters } = certificate
  const layout = layoutOf(parameters)
  const { k, n, stripes, pieceBytes } = layout
  const of = input.of ?? (stripes === 1 ? 'rows' : 'pieces')
  const commitment = encodeBase64Url(certificateCommitment(certificate))
  const drawn = of === 'rows' ? drawRows(k, n, input) : drawPieces(certificate, input)
  const check =
    of === 'rows'
      ? await rowChecker(source, certificate, commitment, input.signal)
      : pieceChecker(source, certificate, commitment, input.signal)
  const samples = await runAll(drawn, check, input)
  const gaps = samples.filter(({ gap }) => gap !== undefined).length
  const range = stripesOf(certificate, input)
  const confidence =
    of === 'rows'
      ? rowSamplingConfidence({ k, n, samples: samples.length })
      : pieceSamplingConfidence({ k, n, stripes: range.count, samples: samples.length })
  return {
    commitment,
    of,
    samples,
    gaps,
    confidence: gaps > 0 ? 0 : confidence,
    formula:
      of === 'rows'
        ? `1 - prod_{i<${samples.length}} (${k} - 1 - i) / (${n} - i)`
        : `1 - (1 - (${n} - ${k} + 1) / (${n} * ${range.count}))^${samples.length}`,
    sampledBytes: (samples.length - gaps) * pieceBytes * (of === 'rows' ? stripes : 1),
  }
}

function drawRows(k: number, n: number, { samples, bits = bitsDefault }: SampleInput) {
  const count = samples ?? rowSamplesFor(k, n, bits)
  return drawDistinct(count, n).map((row): DrawnSample => ({ row }))
}

function drawPieces(certificate: Certificate, input: SampleInput): DrawnSample[] {
  const { n } = certificate.parameters
  const { first, count } = stripesOf(certificate, input)
  return Array.from({ length: input.samples ?? piecesDefault }, () => ({
    row: drawBelow(n),
    stripe: first + drawBelow(count),
  }))
}

/** The stripes that a range of bytes touches. */
function stripesOf({ parameters }: Certificate, { fromByte = 0, toByte }: SampleInput) {
  const { k, pieceBytes, stripes } = layoutOf(parameters)
  const stripeBytes = k * pieceBytes
  const first = Math.min(stripes - 1, Math.floor(fromByte / stripeBytes))
  const last = Math.ceil(
    Math.min(toByte ?? parameters.lengthBytes, parameters.lengthBytes) / stripeBytes,
  )
  return { first, count: Math.max(1, last - first) }
}

/** Resolves with what is wrong, undefined for nothing; rejects where it could not be had. */
type Check = (sample: DrawnSample) => Promise<string | undefined>

function pieceChecker(
  source: DaSource,
  certificate: Certificate,
  commitment: string,
  signal: AbortSignal | undefined,
): Check {
  const { parameters, root } = certificate
  const engine = source.engineFor(certificate)
  const layout = layoutOf(parameters)
  const nothing = new Uint8Array(0)
  const committed = { parameters, root, fingerprints: nothing, commitment: nothing }
  return async ({ row, stripe = 0 }) => {
    const path = `/da/rows/${commitment}/${row}?stripe=${stripe}`
    const { headers, body: piece } = await source.transport.get(path, signal)
    return verifySample(
      engine,
      { layout, committed },
      {
        row,
        stripe,
        piece,
        rowPath: headerBytes(headers, 'x-heddle-row-path'),
        piecePath: headerBytes(headers, 'x-heddle-piece-path'),
      },
    )
  }
}

async function rowChecker(
  source: DaSource,
  certificate: Certificate,
  commitment: string,
  signal: AbortSignal | undefined,
): Promise<Check> {
  const engine = source.engineFor(certificate)
  const open = await source.open(certificate, signal)
  const { stripes, pieceBytes } = open.layout
  return async ({ row }) => {
    const { headers, body } = await source.transport.get(`/da/rows/${commitment}/${row}`, signal)
    if (body.length !== stripes * pieceBytes) return 'shape'
    const pieces = Array.from({ length: stripes }, (_, at) =>
      body.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    )
    return verifyRow(engine, open, row, pieces, headerBytes(headers, 'x-heddle-row-path'))
  }
}

async function runAll(
  drawn: readonly DrawnSample[],
  check: Check,
  { atOnce = atOnceDefault, signal, onProgress = () => {} }: SampleInput,
): Promise<DrawnSample[]> {
  const done: DrawnSample[] = []
  const line = [...drawn]
  const work = async () => {
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      const gap = await check(next).catch((error: unknown) => {
        if (signal?.aborted || !isGap(error)) throw error
        return errorMessage(error)
      })
      done.push(gap === undefined ? next : { ...next, gap })
      onProgress(done.length, drawn.length)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, drawn.length) }, work))
  return done
}

/** The node was there and could not get the sample; anything else is no word about the blob. */
function isGap(error: unknown): boolean {
  return error instanceof HeddleError && error.code === 'da-sample-missing'
}
