import { isHopeless, retryDelayMs } from './backoff.ts'
import type { Outcome } from './deliver.ts'
import type { LetterTable, StoredLetter } from './letter-table.ts'
import { deliveryId, type Letter } from './letters.ts'
import type { MessengerOptions } from './options.ts'
import type { MessengerDeps } from './ports.ts'

type Deps = Pick<MessengerDeps, 'log' | 'metrics' | 'runtime'> & {
  readonly letters: LetterTable
  readonly options: Pick<
    MessengerOptions,
    'retryBaseMs' | 'retryCapMs' | 'giveUpAfterMs' | 'attemptsMin'
  >
}

/** A letter without a row, or one that has a row. */
type AnyLetter = Letter | StoredLetter

/** Writes down what becomes of letters. One that has no row yet gets one; a delivered one has none. */
export class Fates {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  get nowMs(): number {
    return Math.floor(this.#deps.runtime.clock.nowMs())
  }

  /** It waits its turn. */
  wait(letter: Letter): void {
    const { nowMs } = this
    this.#deps.letters.add(letter, { state: 'pending', attempts: 0, nowMs, nextMs: nowMs })
  }

  deliver(letter: AnyLetter): void {
    if (isStored(letter)) this.#deps.letters.remove(letter)
    this.#count('delivered')
  }

  keep(letter: AnyLetter): void {
    this.#write(letter, { state: 'kept', nextMs: this.nowMs })
    this.#count('kept')
  }

  die(letter: AnyLetter, error: string): void {
    this.#write(letter, { state: 'dead', nextMs: this.nowMs, error })
    const fields = { delivery: deliveryId(letter), target: letter.target, error }
    this.#deps.log.warn(fields, 'dead letter')
    this.#count('dead')
  }

  /** An attempt failed; gives when the next one is due, or undefined where the letter is given up. */
  fail(letter: AnyLetter, error: string): number | undefined {
    const { options } = this.#deps
    const { nowMs } = this
    const attempts = attemptsOf(letter) + 1
    const ageMs = isStored(letter) ? nowMs - letter.firstMs : 0
    this.#count('retry')
    if (isHopeless(attempts, ageMs, options)) {
      this.die(letter, error)
      return undefined
    }
    const nextMs = nowMs + retryDelayMs(attempts, options)
    this.#write(letter, { state: 'pending', nextMs, error })
    return nextMs
  }

  #write(
    letter: AnyLetter,
    fate: { state: StoredLetter['state']; nextMs: number; error?: string },
  ): void {
    const { letters } = this.#deps
    const attempts = attemptsOf(letter) + 1
    if (isStored(letter)) letters.update(letter, { ...fate, attempts })
    else letters.add(letter, { ...fate, attempts, nowMs: this.nowMs })
  }

  #count(state: Outcome['state']): void {
    this.#deps.metrics.count(`letters_${state}`, `Deliveries that ended as ${state}`)
  }
}

function isStored(letter: AnyLetter): letter is StoredLetter {
  return 'state' in letter
}

function attemptsOf(letter: AnyLetter): number {
  return isStored(letter) ? letter.attempts : 0
}
