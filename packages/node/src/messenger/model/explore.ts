/** A system as states and the steps between them; all of it, not a sample. */
export type Model<State> = {
  readonly initial: State
  /** Text that two states share only if they are the same. */
  key(state: State): string
  /** Every step possible in a state, named for traces. */
  steps(state: State): Iterable<Step<State>>
  /** What must never be: why this state is wrong. */
  violation(state: State): string | undefined
  /** What must stay within reach from everywhere, by steps that `counts` for it. */
  isGoal(state: State): boolean
  counts(action: string): boolean
}

export type Step<State> = { readonly action: string; readonly state: State }

/** What was found: all is well where both are undefined. Traces are the steps from the start. */
export type Exploration = {
  readonly states: number
  readonly steps: number
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | undefined
  /** A state from which the goal cannot be reached any more. */
  readonly stuck: { readonly trace: readonly string[] } | undefined
}

type Visit<State> = {
  readonly state: State
  readonly from: number
  readonly action: string
  /** States that lead here by steps that count. */
  readonly before: number[]
}

/**
 * Visits every reachable state, breadth first, so that a trace is the shortest there is. Throws
 * where there are more than `statesMax`: a model that is not small shows nothing.
 */
export function explore<State>(model: Model<State>, statesMax: number): Exploration {
  const visits: Visit<State>[] = [{ state: model.initial, from: -1, action: '', before: [] }]
  const numbers = new Map([[model.key(model.initial), 0]])
  let steps = 0
  for (let at = 0; at < visits.length; at++) {
    const { state } = visits[at] as Visit<State>
    const what = model.violation(state)
    if (what !== undefined) {
      const violation = { what, trace: traceTo(visits, at) }
      return { states: visits.length, steps, violation, stuck: undefined }
    }
    for (const { action, state: next } of model.steps(state)) {
      steps++
      const key = model.key(next)
      let number = numbers.get(key)
      if (number === undefined) {
        number = visits.length
        if (number >= statesMax) throw new Error(`more than ${statesMax} states`)
        numbers.set(key, number)
        visits.push({ state: next, from: at, action, before: [] })
      }
      if (model.counts(action)) visits[number]?.before.push(at)
    }
  }
  return { states: visits.length, steps, violation: undefined, stuck: findStuck(model, visits) }
}

/** The first state that no path of counting steps leads from to the goal. */
function findStuck<State>(
  model: Model<State>,
  visits: readonly Visit<State>[],
): Exploration['stuck'] {
  const reaching = visits.flatMap(({ state }, at) => (model.isGoal(state) ? [at] : []))
  const reaches = new Set(reaching)
  for (let at = reaching.pop(); at !== undefined; at = reaching.pop()) {
    for (const before of visits[at]?.before ?? []) {
      if (reaches.has(before)) continue
      reaches.add(before)
      reaching.push(before)
    }
  }
  const stuck = visits.findIndex((_, at) => !reaches.has(at))
  return stuck === -1 ? undefined : { trace: traceTo(visits, stuck) }
}

function traceTo<State>(visits: readonly Visit<State>[], at: number): string[] {
  const trace: string[] = []
  for (let visit = visits[at]; visit !== undefined && visit.from >= 0; visit = visits[visit.from]) {
    trace.push(visit.action)
  }
  return trace.reverse()
}
