// The rules that decide what a model proposed. They are plain functions of the proposal, of what
// was looked up for it, and of what was done before: the same on every machine that replays them.

/** A proposal that was read: a tool and its parameters. */
export type Call = { readonly tool: string; readonly [parameter: string]: string | number }

/** What was looked up for a proposal: values, and the ids of the messages they were read from. */
export type Facts = {
  readonly values: Readonly<Record<string, number>>
  readonly read: readonly string[]
}

/** Gives the reason to refuse, or undefined. Rules are asked in order; the first reason counts. */
export type Rule = {
  readonly name: string
  check(call: Call, facts: Facts, past: Past): string | undefined
}

/**
 * What was decided before, when it was acted (however many refusals came since), and the time now
 * (milliseconds).
 */
export type Past = {
  readonly decisions: readonly Decision[]
  readonly actedAt: readonly number[]
  readonly at: number
}

export type Decision = {
  readonly number: number
  readonly at: number
  readonly instruction: string
  /** Ids of all messages it rests on: the instruction's, the model's answer, what was looked up. */
  readonly read: readonly string[]
  /** Process or oracle that proposed, and the version it stated. */
  readonly model: string
  readonly version: string
  /** Digest of the receipt; absent for a model outside. */
  readonly receipt: string | undefined
  /** The model's own words. */
  readonly output: string
  readonly verdict: 'act' | 'refuse'
  /** The rule that refused, or `passed`. */
  readonly rule: string
  readonly why: string
  /** Id of the decision's own message, once it is in the log. */
  id?: string
  /** What was done. */
  action?: string
}

export type Verdict = Pick<Decision, 'verdict' | 'rule' | 'why'>

/** Times of actions kept in memory, which is the most that a rate may allow. */
export const actsMax = 1_000

/** The first rule with a reason refuses; without one the call passes. */
export function judge(
  policy: readonly Rule[],
  call: Call | undefined,
  facts: Facts,
  past: Past,
): Verdict {
  if (call === undefined) {
    return { verdict: 'refuse', rule: 'tools', why: 'this is no call of a tool it has' }
  }
  for (const { name, check } of policy) {
    const why = check(call, facts, past)
    if (why !== undefined) return { verdict: 'refuse', rule: name, why }
  }
  return { verdict: 'act', rule: 'passed', why: `all ${policy.length} rules` }
}

/** Only these values of a parameter, where a call has it. */
export function allowOnly(name: string, parameter: string, allowed: readonly string[]): Rule {
  const check = (call: Call) => {
    const value = call[parameter]
    if (value === undefined || allowed.includes(String(value))) return undefined
    return `${value} is not on the list`
  }
  return { name, check }
}

/**
 * At most so much of what `measure` finds; undefined where the rule does not apply. What is no amount (less
 * than nothing, no number) is refused.
 */
export function cap(
  name: string,
  most: () => number,
  measure: (call: Call, facts: Facts) => number | undefined,
): Rule {
  const check = (call: Call, facts: Facts) => {
    const amount = measure(call, facts)
    if (amount === undefined || (amount >= 0 && amount <= most())) return undefined
    return amount >= 0 ? `${amount} is above ${most()}` : `${amount} is no amount`
  }
  return { name, check }
}

/** At most so many actions, up to 1,000, within a time. */
export function rate(name: string, most: number, spanMs: number): Rule {
  if (!(Number.isInteger(most) && most >= 0 && most <= actsMax && spanMs > 0)) {
    throw new RangeError(`${name}: ${most} in ${spanMs} ms: give 0 to ${actsMax} in some time`)
  }
  const check = (_call: Call, _facts: Facts, { actedAt, at }: Past) => {
    const acted = actedAt.filter((time) => time > at - spanMs).length
    return acted < most ? undefined : `${acted} actions within ${spanMs / 1000} s`
  }
  return { name, check }
}

/**
 * A value no further off another than so many percent; undefined where the rule does not apply. What nothing
 * can be compared with (nothing, less, no number) is refused.
 */
export function slippage(
  name: string,
  percent: number,
  values: (call: Call, facts: Facts) => readonly [number, number] | undefined,
): Rule {
  const check = (call: Call, facts: Facts) => {
    const pair = values(call, facts)
    if (pair === undefined) return undefined
    const [value, expected] = pair
    if (!(expected > 0)) return `${value} cannot be compared with ${expected}`
    const off = (Math.abs(value - expected) / expected) * 100
    return off <= percent ? undefined : `${value} is ${Math.round(off)} % off ${expected}`
  }
  return { name, check }
}
