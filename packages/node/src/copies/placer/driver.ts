import { errorMessage } from '@heddle/protocol/base'
import type { KeeperPlace } from '../face.ts'
import type { CopiesOptions } from '../options.ts'
import type { CopyStore } from '../ports.ts'
import type { Holder, Placement } from '../state/placements.ts'
import { challengedBytes, challengeKeeper, sendRelease } from './ask-keeper.ts'
import { neededKeepers } from './keepers.ts'
import type { Placer, PlacerParts } from './placer.ts'

export type DriverParts = Omit<PlacerParts, 'wake' | 'options'> & {
  readonly placer: Placer
  /** This node's own copies: read through keepers where they are damaged. */
  readonly store: Pick<CopyStore, 'chunk'>
  readonly options: Pick<
    CopiesOptions,
    'challengeEveryMs' | 'retryShare' | 'failures' | 'stepsPerLook' | 'driverAtOnce'
  >
}

const nonceBytes = 32
/** A keeper that cannot be told it is released is tried again after up to a day. */
const releaseRetryMsMax = 24 * 3_600_000

/** Challenges holders whose time has come, and those that failed: they may have come back. */
export function challengeDue(parts: DriverParts): Promise<void> {
  const { placements, asking, options } = parts
  const nowMs = asking.deps.runtime.clock.nowMs()
  const { stepsPerLook } = options
  const held = placements.due('held', nowMs, stepsPerLook)
  const failed = placements.due('failed', nowMs, Math.max(1, stepsPerLook - held.length))
  return each([...held, ...failed], parts, (holder) => challenge(holder, parts))
}

/** Looks whether this node's own copies still count: its stake may have changed, and its place at a start. */
export async function lookAtOwn({ placements, keepers }: DriverParts): Promise<void> {
  for (const demand of placements.demands()) {
    placements.setOwnOf(demand, (await keepers.ownUnfit(demand)) === undefined)
  }
}

/** Places copies that are missing at keepers that hold none. */
export function repairShort(parts: DriverParts): Promise<void> {
  const { placements, asking, options } = parts
  const short = placements.short(asking.deps.runtime.clock.nowMs(), options.stepsPerLook)
  return each(short, parts, (placement) => repair(placement, parts))
}

/** Tells keepers what is not needed any more, and forgets what has run out. */
export function releaseOwed(parts: DriverParts): Promise<void> {
  const { placements, asking, options } = parts
  const nowMs = asking.deps.runtime.clock.nowMs()
  placements.prune(nowMs)
  const owed = placements.due('owed', nowMs, options.stepsPerLook)
  return each(owed, parts, (holder) => release(holder, parts))
}

/** Runs steps, a few at a time. A step deals with its own failures; what it throws ends the look. */
async function each<T>(
  steps: readonly T[],
  { asking: { signal }, options: { driverAtOnce } }: DriverParts,
  run: (step: T) => Promise<void>,
): Promise<void> {
  const queue = [...steps]
  const runner = async () => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      signal.throwIfAborted()
      await run(step)
    }
  }
  const runners = Array.from({ length: Math.min(driverAtOnce, steps.length) }, runner)
  const results = await Promise.allSettled(runners)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Has a holder prove bytes nobody could foresee, and looks at the same bytes of this node's own copy. */
async function challenge(holder: Holder, parts: DriverParts): Promise<void> {
  const { placements, asking, keepers, options, store } = parts
  const { runtime, onChallenge } = asking.deps
  const { keeper, request, item } = holder
  const placement = placements.find(item)
  if (placement === undefined) return placements.owe(request, runtime.clock.nowMs())
  const { data, retention } = placement
  const nonce = runtime.random.bytes(nonceBytes)
  try {
    // First, as what is remembered tells fast which keepers are away with all they hold.
    const unfit = await keepers.holderUnfit(keeper, retention)
    if (unfit !== undefined) throw new Error(`keeper ${keeper.url} no longer fits: ${unfit}`)
    await challengeKeeper(asking, data, keeper, nonce)
    onChallenge(true)
    // Not all at once after a start: each a little sooner or later than the one before.
    const share = 0.75 + (runtime.random.bytes(1)[0] ?? 0) / 512
    const nowMs = runtime.clock.nowMs()
    placements.prove(request, nowMs, Math.round(nowMs + options.challengeEveryMs * share))
    if (holder.state === 'failed') {
      // It is back: welcome where nobody took its place, and told otherwise.
      if ((placements.find(item)?.short ?? 0) > 0) placements.takeBack(request)
      else placements.owe(request, nowMs)
    }
  } catch (error) {
    asking.signal.throwIfAborted()
    onChallenge(false)
    noteFailure(holder, errorMessage(error), parts)
  }
  for (const offset of challengedBytes(asking, data, nonce)) {
    const own = await store.chunk(data, offset).catch(() => undefined)
    asking.signal.throwIfAborted()
    const text = 'this node’s own copy lacks a chunk that no keeper gives either'
    if (own === undefined) asking.deps.warn({ item, offset }, text)
  }
}

/** A holder that fails once more: after several times in a row it does not count, and another is looked for. */
function noteFailure(holder: Holder, error: string, parts: DriverParts): void {
  const { placements, asking, options } = parts
  const { item, request, keeper } = holder
  const nowMs = asking.deps.runtime.clock.nowMs()
  placements.fail(request, error, nowMs + retryAfterMs(options))
  const failures = holder.failures + 1
  if (holder.state === 'failed') return
  const fields = { item, keeper: keeper.url, failures, error }
  asking.deps.warn(fields, 'a keeper did not prove that it holds a copy')
  if (failures < options.failures) return
  placements.giveUp(request)
  placements.retry(item, nowMs)
}

/** Places what an item lacks: at keepers that never had it, else anew at one that failed and is there. */
async function repair(placement: Placement, parts: DriverParts): Promise<void> {
  const { placements, keepers, asking, options } = parts
  const { id, retention, data } = placement
  const addresses = (states: readonly Holder['state'][]) =>
    placements.holders(id).flatMap(({ state, keeper }) => {
      return states.includes(state) ? keeper.address : []
    })
  for (const except of [
    ['asked', 'held', 'failed', 'owed'],
    ['asked', 'held'],
  ] as const) {
    const choice = await keepers.choose(retention, data.sizeBytes, new Set(addresses(except)))
    const missing = neededKeepers(retention, choice) - addresses(['held']).length
    if (missing > 0 && !(await placeMissing(placement, choice.fitting, missing, parts))) continue
    // Others have it: only now may those that failed forget it.
    for (const { request, state } of placements.holders(id)) {
      if (state === 'failed') placements.owe(request, asking.deps.runtime.clock.nowMs())
    }
    return
  }
  const text = 'an item has fewer copies than promised: no other keeper fits'
  asking.deps.warn({ item: id, missing: placements.find(id)?.short }, text)
  placements.retry(id, asking.deps.runtime.clock.nowMs() + retryAfterMs(options))
}

/** Tells whether all of what is missing could be placed. */
async function placeMissing(
  placement: Placement,
  fitting: readonly KeeperPlace[],
  missing: number,
  { placer, asking }: DriverParts,
): Promise<boolean> {
  const item = placement.id
  let placed = 0
  for (const keeper of fitting) {
    if (placed === missing) break
    try {
      await placer.place(placement, keeper)
      placed++
      asking.deps.warn({ item, keeper: keeper.url }, 'a missing copy is placed anew')
    } catch (error) {
      asking.signal.throwIfAborted()
      asking.deps.warn({ item, error: errorMessage(error) }, 'a missing copy could not be placed')
    }
  }
  return placed === missing
}

/** Tells a keeper that a copy is not needed any more. */
async function release(holder: Holder, { placements, asking, options }: DriverParts) {
  const { request, keeper, failures } = holder
  try {
    await sendRelease(asking, request, keeper)
    placements.forget(request)
  } catch (error) {
    asking.signal.throwIfAborted()
    const retryMs = retryAfterMs(options) * 2 ** Math.min(failures, 20)
    const waitMs = Math.min(releaseRetryMsMax, retryMs)
    placements.fail(request, errorMessage(error), asking.deps.runtime.clock.nowMs() + waitMs)
  }
}

function retryAfterMs({ challengeEveryMs, retryShare }: DriverParts['options']): number {
  return Math.ceil(challengeEveryMs * retryShare)
}
