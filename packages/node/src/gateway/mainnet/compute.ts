import { isId } from '@heddle/protocol/base'
import type { Result } from '@heddle/protocol/message'
import type { RouteReply } from '../../network/index.ts'
import { pathUnknown, processUnknown, requestInvalid, slotUnknown } from '../errors.ts'
import type { MainnetDeps } from '../ports.ts'
import { type Call, callKey } from './call.ts'
import type { PathKey } from './path.ts'
import { type Patience, resultWithin } from './patience.ts'

/**
 * State of a process at a slot: `compute/results=N`, `compute&slot=N[/results]`, `compute=N`, and
 * `now` for the newest. N is a slot or a message id. Further keys pick a part of the reply.
 */
export async function compute(
  call: Call,
  processId: string,
  keys: readonly PathKey[],
  deps: MainnetDeps,
  { readPatienceMs }: Patience,
): Promise<RouteReply> {
  const [key, ...inner] = keys
  const results = inner[0]?.name === 'results' ? inner[0] : undefined
  const rest = results === undefined ? inner : inner.slice(1)
  const newest = newestSlot(processId, deps)
  const named =
    results?.value ??
    key?.args.find(([name]) => name === 'slot')?.[1] ??
    key?.value ??
    callKey(call, 'slot')
  const wanted = key?.name === 'now' ? undefined : named
  const slot = wanted === undefined ? newest : await findSlot(processId, wanted, newest, deps)
  const result = await resultWithin(readPatienceMs, processId, slot, deps, call.request.signal)
  const state = stateAt(processId, slot, result)
  if (rest.length === 0) return { status: 200, body: state }
  return pick(results === undefined ? state : state.results, rest)
}

/** The newest slot; `unknown-process` where there is none. */
export function newestSlot(processId: string, { scheduler }: MainnetDeps): number {
  const head = scheduler.head(processId)
  if (head === 0) throw processUnknown(processId, [...scheduler.processes()].length)
  return head - 1
}

/** What every read of a state answers with; clients take `raw`. */
export function stateAt(processId: string, slot: number, result: Result) {
  const results = { raw: result, json: { body: JSON.stringify(result) } }
  return { process: processId, slot, 'at-slot': slot, raw: result, results }
}

async function findSlot(
  processId: string,
  name: string,
  newest: number,
  { scheduler }: MainnetDeps,
): Promise<number> {
  const isNumber = /^\d{1,15}$/.test(name)
  if (!isNumber && !isId(name)) {
    throw requestInvalid(`results=${name.slice(0, 64)}: name a slot or the id of a message.`)
  }
  const slot = isNumber ? Number(name) : await scheduler.slotOf(processId, name)
  if (slot === undefined || slot > newest) throw slotUnknown(processId, name, newest + 1)
  return slot
}

function pick(from: unknown, keys: readonly PathKey[]): RouteReply {
  let at = from
  for (const { name } of keys) {
    const inside = typeof at === 'object' && at !== null && Object.hasOwn(at, name)
    if (!inside) throw pathUnknown(keys.map((key) => key.name).join('/'))
    at = (at as Record<string, unknown>)[name]
  }
  const scalar = typeof at === 'string' || typeof at === 'number' || typeof at === 'boolean'
  return { status: 200, body: scalar ? String(at) : at }
}
