import { decodeBase64Url } from '@heddle/protocol/base'
import {
  certificateFromJson,
  directorySet,
  drawAssignment,
  layoutOf,
  pieceSamplingConfidence,
  portableCommitment,
  rowSamplingConfidence,
  storerDirectoryFromJson,
  verifySample,
} from '@heddle/protocol/certificate'
import { getJson, request } from './request.ts'

/** A row of a blob, and who is to hold it. */
export type RowHolder = { readonly row: number; readonly storer: number; readonly signed: boolean }

/** What a page needs to show a blob and to sample it by itself. */
export type SampledBlob = {
  readonly n: number
  readonly stripes: number
  readonly holders: readonly RowHolder[]
  /** Fetches one random piece and checks it here; the row, and whether it was there and right. */
  sample(signal: AbortSignal): Promise<{ readonly row: number; readonly isThere: boolean }>
  /** Chance that so many good samples would have met a gap if the blob could not be rebuilt. */
  confidence(samples: number): number
}

/** Opens a blob by its certificate: committee and layout are worked out here, not asked for. */
export async function openBlob(commitment: string, signal: AbortSignal): Promise<SampledBlob> {
  const [json, directory] = await Promise.all([
    getJson(`/da/certificates/${commitment}`, signal),
    getJson('/da/storers', signal),
  ])
  const certificate = certificateFromJson(json)
  const set = directorySet(storerDirectoryFromJson(directory))
  const name = decodeBase64Url(commitment)
  if (name === undefined) throw new Error('that is no name of a blob')
  const { parameters, root } = certificate
  const layout = layoutOf(parameters)
  const { k, n, stripes } = layout
  const signers = new Set(certificate.signers)
  const holders = drawAssignment(set, name, parameters).members.flatMap(({ rows, storer }, place) =>
    rows.map((row) => ({ row, storer, signed: signers.has(place) })),
  )
  const engines = Object.values(portableCommitment)
  const engine = engines.find(({ hash }) => hash.id === parameters.hashId)
  if (engine === undefined) throw new Error('this page does not know the hash of that blob')
  // Pieces are checked against the root alone; fingerprints are for whole rows.
  const committed = { parameters, root, commitment: name, fingerprints: new Uint8Array(0) }
  const left = shuffled(n)
  return {
    n,
    stripes,
    holders: holders.sort((a, b) => a.row - b.row),
    confidence: (samples) =>
      stripes === 1
        ? rowSamplingConfidence({ k, n, samples: Math.min(samples, n) })
        : pieceSamplingConfidence({ k, n, stripes, samples }),
    async sample(signal) {
      const row = (stripes === 1 ? left.pop() : undefined) ?? draw(n)
      const stripe = draw(stripes)
      const url = `/da/rows/${commitment}/${row}?stripe=${stripe}`
      const answer = await request(url, { signal }).catch(() => undefined)
      if (answer === undefined) return { row, isThere: false }
      const path = (header: string) => decodeBase64Url(answer.headers.get(header) ?? '')
      const piece = new Uint8Array(await answer.arrayBuffer())
      const rowPath = path('x-heddle-row-path')
      const piecePath = path('x-heddle-piece-path')
      if (rowPath === undefined || piecePath === undefined) return { row, isThere: false }
      const sample = { row, stripe, piece, rowPath, piecePath }
      return { row, isThere: verifySample(engine, { layout, committed }, sample) === undefined }
    },
  }
}

/** A whole number below `bound`, from the browser's own randomness: who serves must not guess it. */
function draw(bound: number): number {
  const fair = 2 ** 32 - (2 ** 32 % bound)
  const word = new Uint32Array(1)
  do crypto.getRandomValues(word)
  while ((word[0] ?? 0) >= fair)
  return (word[0] ?? 0) % bound
}

function shuffled(count: number): number[] {
  const rows = Array.from({ length: count }, (_, at) => at)
  for (let at = count - 1; at > 0; at--) {
    const other = draw(at + 1)
    const held = rows[at] ?? 0
    rows[at] = rows[other] ?? 0
    rows[other] = held
  }
  return rows
}
