import type { ReadResult } from '@heddle/sdk'
import { describeResult, namedError } from '@heddle/sdk/console'
import { print, printable, remark } from './output.ts'

type Shown = {
  readonly json: boolean
  /** What is printed with --json. */
  readonly value: unknown
  /** Before the first line, e.g. the slot. */
  readonly head?: string
  /** After it, e.g. the time it took. */
  readonly tail?: string
  readonly reader?: string | undefined
}

/** Prints a result and gives the exit code: an Error of the process is a refusal. */
export function answerResult(result: ReadResult, shown: Shown): number {
  const failed = result.error !== undefined
  if (shown.json) print(JSON.stringify(shown.value))
  else {
    const text = failed ? namedError(result.error) : describeResult(result, shown.reader)
    const [first = '', ...rest] = text.split('\n')
    const line = [shown.head, first, shown.tail].filter(Boolean).join('  ')
    const whole = printable([line, ...rest].join('\n'))
    if (failed) remark(whole)
    else print(whole)
  }
  return failed ? 1 : 0
}

/** Empty where the compute unit did not say. */
export function describeSlot({ slot }: { readonly slot: number }): string {
  return Number.isNaN(slot) ? '' : `slot ${slot}`
}

/** `0.4 ms, 18,204 gas`; gas where the module counts it. */
export function describeCost(time: string, { gasUsed }: ReadResult): string {
  const gas = gasUsed > 0 ? `, ${gasUsed.toLocaleString('en')} gas` : ''
  return `(${time}${gas})`
}
