import { encodeBase64Url } from '@heddle/protocol/base'
import { type Assignment, countRows } from '@heddle/protocol/certificate'

/** What became of one storer's part in a dispersal. */
export type StorerReport = {
  /** Its BLS key, base64url. */
  readonly storer: string
  readonly rows: number
  /** `lied`: it sent a signature that is not one over the statement. */
  readonly state: 'signed' | 'pending' | 'failed' | 'lied'
  /** Code of what went wrong, '' where nothing has. */
  readonly fault: string
}

/** Where a dispersal stands: by place in the committee. */
export type Tally = {
  readonly assignment: Assignment
  readonly signatures: ReadonlyMap<number, Uint8Array>
  readonly failures: ReadonlyMap<number, { readonly isLie: boolean; readonly fault: string }>
}

export function newTally(assignment: Assignment): Tally {
  return { assignment, signatures: new Map(), failures: new Map() }
}

export function noteSignature(tally: Tally, place: number, signature: Uint8Array): Tally {
  return { ...tally, signatures: new Map(tally.signatures).set(place, signature) }
}

export function noteFailure(tally: Tally, place: number, fault: string, isLie = false): Tally {
  const signatures = new Map(tally.signatures)
  signatures.delete(place)
  return { ...tally, signatures, failures: new Map(tally.failures).set(place, { isLie, fault }) }
}

/**
 * `enough`: the signatures at hand count the rows a certificate needs. `impossible`: not even if all
 * that are still asked sign.
 */
export function judge({
  assignment,
  signatures,
  failures,
}: Tally): 'enough' | 'wait' | 'impossible' {
  const { certificateRows } = assignment.bounds
  if (countRows(assignment, signatures.keys()) >= certificateRows) return 'enough'
  const lost = countRows(assignment, failures.keys())
  return assignment.bounds.n - lost < certificateRows ? 'impossible' : 'wait'
}

export function reportOf({ assignment, signatures, failures }: Tally): StorerReport[] {
  return assignment.members.map(({ key, rows }, place) => {
    const failure = failures.get(place)
    const open = signatures.has(place) ? 'signed' : 'pending'
    const state = failure === undefined ? open : failure.isLie ? 'lied' : 'failed'
    const fault = failure?.fault ?? ''
    return { storer: encodeBase64Url(key), rows: rows.length, state, fault }
  })
}
