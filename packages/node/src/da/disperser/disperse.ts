import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import {
  assembleCertificate,
  type Certificate,
  fingerprintsDigest,
  statementMessage,
} from '@heddle/protocol/certificate'
import { notCertified } from './errors.ts'
import { type DispersalDeps, type Plan, sendRows } from './send-rows.ts'
import {
  judge,
  newTally,
  noteFailure,
  noteSignature,
  reportOf,
  type StorerReport,
  type Tally,
} from './tally.ts'

/** A blob on its way to its committee. */
export type Dispersal = {
  /** The certificate, as soon as enough rows are signed for; rejects with `da-not-certified`. */
  readonly certified: Promise<{
    readonly certificate: Certificate
    readonly storers: readonly StorerReport[]
  }>
  /**
   * Resolves when the last storer has answered or was given up; true where the lane has let go of
   * all rows too, and their memory may change.
   */
  readonly settled: Promise<boolean>
}

/**
 * Sends each member of the committee its rows, all members at once, and collects signatures. What
 * comes after the certificate still reaches its storer: rows are for reading, not only for signing.
 */
export function disperse(deps: DispersalDeps, plan: Plan, stop: AbortSignal): Dispersal {
  const { assignment } = plan
  let tally = newTally(assignment)
  const {
    promise: certified,
    resolve,
    reject,
  } = Promise.withResolvers<Awaited<Dispersal['certified']>>()
  let isDecided = false
  const calls = { open: 0 }
  const decide = () => {
    if (isDecided) return
    const outcome = attempt(deps, plan, tally)
    tally = outcome.tally
    if (outcome.certificate !== undefined) {
      isDecided = true
      resolve({ certificate: outcome.certificate, storers: reportOf(tally) })
    } else if (judge(tally) === 'impossible') {
      isDecided = true
      reject(notCertified(rowsOf(tally), assignment.bounds.certificateRows, reportOf(tally)))
    }
  }
  const sending = assignment.members.map(async (member, place) => {
    try {
      const signature = await sendRows(deps, plan, member, stop, calls)
      tally = noteSignature(tally, place, signature)
    } catch (error) {
      tally = noteFailure(tally, place, faultOf(error))
    }
    decide()
  })
  return { certified, settled: Promise.all(sending).then(() => calls.open === 0) }
}

/**
 * The certificate, if the signatures at hand make one. They are checked together, since all hold as
 * a rule; only where they do not is each checked, and liars struck out.
 */
function attempt(
  deps: DispersalDeps,
  plan: Plan,
  tally: Tally,
): { readonly tally: Tally; readonly certificate?: Certificate } {
  if (judge(tally) !== 'enough') return { tally }
  const certificate = assemble(deps, plan, tally)
  if (certificate !== undefined) return { tally, certificate }
  const honest = withoutLies(deps, plan, tally)
  const second = judge(honest) === 'enough' ? assemble(deps, plan, honest) : undefined
  return second === undefined ? { tally: honest } : { tally: honest, certificate: second }
}

function assemble(
  { bls, hash }: DispersalDeps,
  { blob, assignment, terms }: Plan,
  { signatures }: Tally,
): Certificate | undefined {
  const { committed } = blob
  const zRoot = fingerprintsDigest(hash, committed.fingerprints)
  const sealed = { parameters: committed.parameters, root: committed.root, zRoot }
  const certificate = assembleCertificate(bls, assignment, sealed, terms, signatures)
  if (certificate === undefined) return undefined
  const keys = certificate.signers.map((place) => assignment.members[place]?.key ?? noBytes)
  const message = statementMessage({ ...terms, commitment: committed.commitment })
  return bls.verifyAggregate(keys, message, certificate.signature) ? certificate : undefined
}

const noBytes = new Uint8Array(0)

function withoutLies({ bls }: DispersalDeps, { blob, terms }: Plan, tally: Tally): Tally {
  const message = statementMessage({ ...terms, commitment: blob.committed.commitment })
  const { members } = tally.assignment
  let honest = tally
  for (const [place, signature] of tally.signatures) {
    if (!bls.verifyAggregate([members[place]?.key ?? noBytes], message, signature)) {
      honest = noteFailure(honest, place, 'signature', true)
    }
  }
  return honest
}

function rowsOf({ assignment, signatures }: Tally): number {
  let rows = 0
  for (const place of signatures.keys()) rows += assignment.members[place]?.rows.length ?? 0
  return rows
}

function faultOf(error: unknown): string {
  return isHeddleError(error) ? error.code : errorMessage(error)
}
