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

/** What a receipt is replayed with. */
export type ReplaySet = Pick<Receipt, 'kernel' | 'model' | 'tokenizer'>

/** Throws `receipt-kernel-mismatch`, `receipt-model-mismatch` or `receipt-tokenizer-mismatch`. */
export function checkReplaySet(receipt: Receipt, here: ReplaySet): void {
  for (const what of ['kernel', 'model', 'tokenizer'] as const) {
    if (receipt[what] !== here[what]) throw receiptMismatch(what, receipt[what], here[what])
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
