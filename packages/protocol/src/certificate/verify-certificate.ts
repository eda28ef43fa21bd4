import { assert, equalBytes } from '../base/index.ts'
import type { BlsEngine } from './bls.ts'
import { type Certificate, certificateCommitment } from './certificate.ts'
import type { CommittedBlob } from './commit.ts'
import { type Assignment, drawAssignment } from './draw.ts'
import { certificateInvalid } from './errors.ts'
import { type Statement, statementMessage } from './statement.ts'
import { type StorerSet, storerSetId } from './storer-set.ts'

/** What a certificate that holds says. */
export type CertifiedBlob = {
  readonly commitment: Uint8Array
  readonly assignment: Assignment
  /** Rows that the signers hold, and how many are needed. */
  readonly rowsSigned: number
  readonly rowsNeeded: number
}

/** Rows that these members of a committee hold together. */
export function countRows(assignment: Assignment, places: Iterable<number>): number {
  let rows = 0
  for (const place of new Set(places)) rows += assignment.members[place]?.rows.length ?? 0
  return rows
}

/**
 * Checks a certificate against the storer set of its epoch, which must come from a source the caller
 * trusts, as keys that have proved possession. Needs nothing else. Throws `certificate` with the
 * fault; whether it has expired is for `isExpired`.
 */
export function verifyCertificate(
  engine: BlsEngine,
  set: StorerSet,
  certificate: Certificate,
): CertifiedBlob {
  const { parameters, setId, epoch, signers, members } = certificate
  if (epoch !== set.epoch || !equalBytes(setId, storerSetId(set))) {
    throw certificateInvalid('it is about another storer set.', { epoch, given: set.epoch })
  }
  const commitment = certificateCommitment(certificate)
  const assignment = drawAssignment(set, commitment, parameters)
  if (members !== assignment.members.length || signers.some((place) => place >= members)) {
    throw certificateInvalid(`its committee has ${assignment.members.length} members.`)
  }
  const rowsSigned = countRows(assignment, signers)
  const { certificateRows: rowsNeeded } = assignment.bounds
  if (rowsSigned < rowsNeeded) {
    throw certificateInvalid(`${rowsSigned} rows are signed for, ${rowsNeeded} are needed.`)
  }
  const keys = signers.map((place) => assignment.members[place]?.key ?? new Uint8Array(0))
  const message = statementMessage({ ...certificate, commitment })
  if (!engine.verifyAggregate(keys, message, certificate.signature)) {
    throw certificateInvalid('the signature is not that of the signers it names.')
  }
  return { commitment, assignment, rowsSigned, rowsNeeded }
}

/** What a disperser has collected, by place in the committee; each signature checked. */
export type Collected = ReadonlyMap<number, Uint8Array>

/**
 * Makes the certificate; undefined where the signatures do not add up to the rows needed, or one is
 * malformed.
 */
export function assembleCertificate(
  engine: BlsEngine,
  assignment: Assignment,
  committed: Pick<CommittedBlob, 'parameters' | 'root'> & { readonly zRoot: Uint8Array },
  { setId, epoch, expiresAtSeconds }: Omit<Statement, 'commitment'>,
  collected: Collected,
): Certificate | undefined {
  const signers = [...collected.keys()].sort((a, b) => a - b)
  assert(
    signers.every((place) => place in assignment.members),
    'signers are members',
  )
  if (countRows(assignment, signers) < assignment.bounds.certificateRows) return undefined
  const parts = signers.map((place) => collected.get(place) ?? new Uint8Array(0))
  const signature = engine.aggregate(parts)
  if (signature === undefined) return undefined
  const { parameters, root, zRoot } = committed
  const members = assignment.members.length
  return { parameters, root, zRoot, setId, epoch, expiresAtSeconds, members, signers, signature }
}
