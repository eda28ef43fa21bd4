import type { Parting } from './bisect.ts'
import { bisect } from './bisect.ts'
import { receiptMismatch } from './errors.ts'
import type { Receipt, Sha256 } from './receipt.ts'

/** How a receipt stands against an honest replay of the same question. */
export type Comparison =
  | { readonly verdict: 'same' }
  | ({ readonly verdict: 'step'; readonly claimed: number | undefined } & Parting)
  /** All steps agree, and how the answer ended or what it cost does not. */
  | { readonly verdict: 'end'; readonly claimed: string; readonly actual: string }

/** What a receipt is replayed with; `context` is what the model was made for. */
export type ReplaySet = Pick<
  Receipt,
  'kernel' | 'model' | 'tokenizer' | 'precision' | 'group' | 'context'
>

/**
 * Throws `receipt-kernel-mismatch`, or that of `model`, `tokenizer`, `precision`, `group`: the replay takes
 * these from the model, so that a receipt which names others would pass for right. Of `context` a session
 * may have had less, and not more.
 */
export function checkReplaySet(receipt: Receipt, here: ReplaySet): void {
  for (const what of ['kernel', 'model', 'tokenizer', 'precision', 'group'] as const) {
    if (receipt[what] !== here[what]) {
      throw receiptMismatch(what, String(receipt[what]), String(here[what]))
    }
  }
  if (receipt.context > here.context) {
    throw receiptMismatch('context', String(receipt.context), `${here.context} at most`)
  }
}

/** Finds the first step, if any, where a receipt says something else than the replay. */
export function compareReceipts(receipt: Receipt, replayed: Receipt, sha256: Sha256): Comparison {
  const parting = bisect(receipt, replayed, sha256)
  if (parting !== undefined) {
    return { verdict: 'step', claimed: receipt.tokens[parting.step], ...parting }
  }
  const endOf = ({ finish, gasUsed }: Receipt) => `${finish} after ${gasUsed} gas`
  const [claimed, actual] = [endOf(receipt), endOf(replayed)]
  return claimed === actual ? { verdict: 'same' } : { verdict: 'end', claimed, actual }
}
