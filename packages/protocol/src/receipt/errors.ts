import { HeddleError } from '../base/index.ts'

/** The bytes are no receipt, or break a limit. */
export function receiptInvalid(what: string): HeddleError {
  return new HeddleError('receipt-invalid', 'invalid', `receipt: ${what}`)
}

/** What the receipt names is not what it is checked against. */
export function receiptMismatch(
  what: 'kernel' | 'model' | 'tokenizer' | 'precision' | 'group' | 'context' | 'prompt',
  stated: string,
  actual: string,
): HeddleError {
  const text = `receipt: it names ${what} ${stated}, and this is ${actual}`
  const details = { stated, actual }
  return new HeddleError(`receipt-${what}-mismatch`, 'conflict', text, details)
}

/** A step is wrong; `what` says in which way. */
export function receiptStepWrong(step: number, what: string): HeddleError {
  const text = `receipt: step ${step} is wrong: ${what}`
  return new HeddleError('receipt-step-wrong', 'conflict', text, { step })
}

/** The referee is asked for a step the receipt does not have. */
export function stepUnknown(step: number, steps: number): HeddleError {
  const text = `receipt: it has steps 0 to ${steps - 1}, there is no step ${step}`
  return new HeddleError('receipt-step-unknown', 'invalid', text, { step, steps })
}
