import { gasTable } from '@heddle/protocol/params'
import { type Edits, editKind } from './edits.ts'

/** Code that runs as a whole or not at all, but for traps and calls that do not come back. */
export type Stretch = {
  /** Place in the module of its first instruction. */
  readonly at: number
  /** A stretch that ran before this one, once for each time this one may run. */
  readonly parent: Stretch | undefined
  readonly loops: boolean
  cost: number
  /** The stretch whose charge pays for this one. */
  payer: Stretch | undefined
  /** What its charge takes, and how much of that for stretches which may not run. */
  charge: number
  ahead: number
}

export function createStretch(at: number, parent?: Stretch): Stretch {
  return { at, parent, loops: false, cost: 0, payer: undefined, charge: 0, ahead: 0 }
}

/**
 * Places the charges of a body and gives that of its entry. A short stretch is charged together with
 * one that always runs before it, even if it then does not run: up to `aheadGas` per charge. That
 * leaves one charge in most loops. The order is that of the code, so a payer is settled first.
 */
export function placeCharges(stretches: readonly Stretch[], edits: Edits): number {
  for (const stretch of stretches) {
    const payer = stretch.parent?.payer
    const paid = payer !== undefined && payer.ahead + stretch.cost <= gasTable.aheadGas
    stretch.payer = paid ? payer : stretch
    stretch.payer.charge += stretch.cost
    if (paid) stretch.payer.ahead += stretch.cost
  }
  const [entry] = stretches
  for (const stretch of stretches) {
    if (stretch.loops) edits.add(stretch.at, editKind.checkedCharge, stretch.charge)
    else if (stretch !== entry && stretch.charge > 0)
      edits.add(stretch.at, editKind.charge, stretch.charge)
  }
  return entry?.charge ?? 0
}
