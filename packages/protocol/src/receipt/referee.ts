import { concatBytes, equalBytes } from '../base/index.ts'
import {
  newReferenceCache,
  type ReferenceModel,
  referenceForward,
  sampleToken,
} from '../model/index.ts'
import { receiptStepWrong, stepUnknown } from './errors.ts'
import { linkAt, type Receipt, type Sha256 } from './receipt.ts'

/** The logits after these tokens, of the receipt's model. */
export type LogitsAfter = (tokens: readonly number[]) => Float32Array

export type StepVerdict = {
  readonly step: number
  /** What the step must be. */
  readonly token: number
  readonly link: Uint8Array
  /** `logits`: the model gives others; `token`: the logits are right, and the choice is not. */
  readonly verdict: 'right' | 'logits' | 'token'
}

/**
 * Runs one step of a receipt again, taking all before it as agreed, and says whether it is right. Pure: the
 * same for everybody who asks. Throws `receipt-step-unknown`.
 */
export function refereeStep(
  receipt: Receipt,
  step: number,
  logitsAfter: LogitsAfter,
  sha256: Sha256,
): StepVerdict {
  const { prompt, tokens, links, sampling } = receipt
  const claimed = tokens[step]
  if (claimed === undefined) throw stepUnknown(step, tokens.length)
  const logits = logitsAfter([...prompt, ...tokens.slice(0, step)])
  const link = sha256(concatBytes([linkAt(links, step - 1), logitBytes(logits)]))
  const token = sampleToken(logits, sampling, step)
  const isSame = equalBytes(link, linkAt(links, step))
  const verdict = !isSame ? 'logits' : token === claimed ? 'right' : 'token'
  return { step, token, link, verdict }
}

/** Throws `receipt-step-wrong` unless the verdict is `right`. */
export function checkVerdict({ step, token, verdict }: StepVerdict, receipt: Receipt): void {
  if (verdict === 'logits') {
    throw receiptStepWrong(step, 'the model gives other logits than its link commits to')
  }
  if (verdict === 'token') {
    const claimed = receipt.tokens[step]
    throw receiptStepWrong(step, `it says token ${claimed}, its own logits choose ${token}`)
  }
}

/** Logits by the scalar reference: slow, in need of nothing but the weights. */
export function referenceLogits(model: ReferenceModel): LogitsAfter {
  return (tokens) => {
    const cache = newReferenceCache(model.shape)
    let logits = new Float32Array(model.shape.vocab)
    for (const token of tokens) logits = new Float32Array(referenceForward(model, cache, token))
    return logits
  }
}

/** f32, little-endian whatever the machine. */
function logitBytes(logits: Float32Array): Uint8Array {
  const bytes = new Uint8Array(logits.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [i, logit] of logits.entries()) view.setFloat32(i * 4, logit, true)
  return bytes
}
