import { errorMessage } from '@heddle/protocol/base'
import { findUnfit, type KeeperStatement, type Unfit } from '@heddle/protocol/copies'
import type { Retention } from '@heddle/protocol/params'
import { copiesShort, copiesUnfit } from '../errors.ts'
import type { KeeperPlace } from '../face.ts'
import type { CopiesOptions } from '../options.ts'
import { type AskParts, askStatement } from './ask-keeper.ts'

type KeepersOptions = Pick<
  CopiesOptions,
  'placement' | 'keepers' | 'statementReuseMs' | 'copyOverheadBytes'
>

/** What is asked of a holder. */
type Demand = Pick<Retention, 'placement' | 'minimumStake'>

/** Why a keeper is not asked. */
type Reason = Unfit | 'away' | 'full'

/** Who could keep a copy, and of the others how many lack what. */
export type Choice = {
  /** Those that fit, the one with the most room first. */
  readonly fitting: readonly KeeperPlace[]
  readonly unfit: Readonly<Record<Reason, number>>
  /** What this node's own copy lacks, where it does not count. */
  readonly ownUnfit: Unfit | undefined
}

type Said = { readonly atMs: number; readonly statement: Promise<KeeperStatement> }

/** The keepers this node's operator named, as they are now. */
export class Keepers {
  readonly #parts: AskParts
  readonly #options: KeepersOptions
  readonly #said = new Map<string, Said>()
  readonly #keepers: readonly KeeperPlace[]

  constructor(parts: AskParts, options: KeepersOptions) {
    this.#parts = parts
    this.#options = options
    // One operator's node is one copy, however often it is named; this node's own is its own.
    const known = new Map<string, KeeperPlace>()
    for (const keeper of options.keepers) {
      if (keeper.address !== parts.address) known.set(keeper.address, keeper)
    }
    this.#keepers = [...known.values()]
  }

  /** Whom a retention can be kept with, but for those at `except` (addresses). */
  async choose(
    retention: Retention,
    sizeBytes: number,
    except: ReadonlySet<string> = new Set(),
  ): Promise<Choice> {
    const asked = this.#keepers.filter(({ address }) => !except.has(address))
    const unfit = { place: 0, stake: 0, away: 0, full: 0 }
    const seen = await Promise.all(
      asked.map(async (keeper) => {
        const found = await this.#look(keeper, retention, sizeBytes)
        return { keeper, found }
      }),
    )
    const fitting: { readonly keeper: KeeperPlace; readonly freeBytes: number }[] = []
    for (const { keeper, found } of seen) {
      if (typeof found === 'number') fitting.push({ keeper, freeBytes: found })
      else unfit[found]++
    }
    fitting.sort((a, b) => b.freeBytes - a.freeBytes)
    const ownUnfit = await this.ownUnfit(retention)
    return { fitting: fitting.map(({ keeper }) => keeper), unfit, ownUnfit }
  }

  /** What a holder lacks by now; undefined where it fits. Throws `keeper-failed` where it does not answer. */
  async holderUnfit(keeper: KeeperPlace, retention: Demand): Promise<Unfit | undefined> {
    const stake = await this.#stakeOf(keeper.address, retention)
    const { placement } = await this.#statement(keeper)
    return findUnfit(retention, { placement, stake })
  }

  /** What this node's own copy lacks; undefined where it counts. */
  async ownUnfit(retention: Demand): Promise<Unfit | undefined> {
    const stake = await this.#stakeOf(this.#parts.address, retention)
    return findUnfit(retention, { placement: this.#options.placement, stake })
  }

  /** A keeper that failed is asked anew next time. */
  forget({ address }: KeeperPlace): void {
    this.#said.delete(address)
  }

  /** The room it has, or why it does not fit. */
  async #look(
    keeper: KeeperPlace,
    retention: Retention,
    sizeBytes: number,
  ): Promise<number | Reason> {
    try {
      const { placement, freeBytes } = await this.#statement(keeper)
      const stake = await this.#stakeOf(keeper.address, retention)
      const unfit = findUnfit(retention, { placement, stake })
      if (unfit !== undefined) return unfit
      return freeBytes < sizeBytes + this.#options.copyOverheadBytes ? 'full' : freeBytes
    } catch {
      this.#parts.signal.throwIfAborted()
      return 'away'
    }
  }

  #statement(keeper: KeeperPlace): Promise<KeeperStatement> {
    const nowMs = this.#parts.deps.runtime.clock.elapsedMs()
    const said = this.#said.get(keeper.address)
    if (said !== undefined && nowMs - said.atMs < this.#options.statementReuseMs) {
      return said.statement
    }
    // That it is away is remembered as well: an upload must not wait for it each time.
    const statement = askStatement(this.#parts, keeper)
    this.#said.set(keeper.address, { atMs: nowMs, statement })
    statement.catch((error: unknown) => {
      const { deps, signal } = this.#parts
      if (signal.aborted) return
      deps.warn({ keeper: keeper.url, error: errorMessage(error) }, 'a keeper is away')
    })
    return statement
  }

  async #stakeOf(address: string, { minimumStake }: Demand): Promise<bigint> {
    return minimumStake === 0n ? 0n : await this.#parts.deps.items.stakeOf(address)
  }
}

/** Copies that keepers must hold: all but this node's own, where that counts. */
export function neededKeepers(
  { copies }: Retention,
  { ownUnfit }: Pick<Choice, 'ownUnfit'>,
): number {
  return ownUnfit === undefined ? copies - 1 : copies
}

/** Throws `copies-unfit` or `copies-short` where a choice has too few. */
export function checkChoice(retention: Retention, choice: Choice): void {
  const { fitting, unfit, ownUnfit } = choice
  const needed = neededKeepers(retention, choice)
  if (fitting.length >= needed) return
  const own = ownUnfit === undefined ? 1 : 0
  const possible = own + fitting.length
  const known = fitting.length + unfit.place + unfit.stake + unfit.away + unfit.full
  const reasons = [
    [unfit.place, 'not in that place'],
    [unfit.stake, 'with too little at stake'],
    [unfit.full, 'without room'],
    [unfit.away, 'away'],
  ] as const
  const told = reasons.flatMap(([count, why]) => (count === 0 ? [] : `${count} ${why}`))
  const list = told.length === 0 ? '' : ` (${told.join(', ')})`
  const self = own === 1 ? 'this node fits' : `this node does not fit (${ownUnfit})`
  const text =
    `the upload asks for ${describeRetention(retention)}, and ${possible} can be had: ${self}, ` +
    `and ${fitting.length} of the ${known} keepers it knows${list}.`
  const details = { copies: retention.copies, possible, keepers: known, ...unfit }
  const isPassing = possible + unfit.away + unfit.full >= retention.copies
  throw isPassing ? copiesShort(text, details) : copiesUnfit(text, details)
}

/** `3 copies, each at region:eu, each with 5 winston at stake`. */
export function describeRetention({ copies, placement, minimumStake }: Retention): string {
  const each = [
    ...(placement.length === 0 ? [] : [`each at ${placement.join(' and ')}`]),
    ...(minimumStake === 0n ? [] : [`each with ${minimumStake} winston at stake`]),
  ]
  return [`${copies} ${copies === 1 ? 'copy' : 'copies'}`, ...each].join(', ')
}
