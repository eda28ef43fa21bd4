import { HeddleError } from '../base/index.ts'

/** An item that should be an assignment does not state one. */
export function assignmentInvalid(what: string, itemId: string): HeddleError {
  return new HeddleError(
    'assignment-invalid',
    'invalid',
    `assignment ${itemId}: ${what}. Only a scheduler's statement of one slot can stand here.`,
    { itemId },
  )
}

/** Two neighbouring assignments cannot both belong to one log. */
export function chainBroken(what: string, processId: string, slot: number): HeddleError {
  return new HeddleError(
    'chain-broken',
    'invalid',
    `log of ${processId} breaks at slot ${slot}: ${what}. Ask the scheduler for the slot again, ` +
      'or keep both assignments as evidence.',
    { processId, slot },
  )
}

/** An assignment is not from the process's scheduler, or not about the message it came with. */
export function assignmentUntrusted(what: string, itemId: string): HeddleError {
  return new HeddleError(
    'assignment-untrusted',
    'denied',
    `assignment ${itemId} is refused: ${what}.`,
    { itemId },
  )
}

/** A Scheduler-Location was asked for with a value nobody could use. */
export function locationInvalid(what: string): HeddleError {
  return new HeddleError('location-invalid', 'invalid', `scheduler location: ${what}.`)
}
