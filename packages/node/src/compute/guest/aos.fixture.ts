import type { Guest } from './ports.ts'

const owner = 'O'.repeat(43)
const processId = 'P'.repeat(43)
const moduleId = 'M'.repeat(43)

type Tag = { readonly name: string; readonly value: string }
const tag = (name: string, value: string): Tag => ({ name, value })

const messageTags = [tag('Data-Protocol', 'ao'), tag('Type', 'Message'), tag('Variant', 'ao.TN.1')]
const processTags = [
  ...[tag('Name', 'fixture'), tag('Module', moduleId), tag('Variant', 'ao.TN.1')],
  ...[tag('Data-Protocol', 'ao'), tag('Type', 'Process')],
]

export const environment = {
  Process: { Id: processId, Owner: owner, Tags: processTags },
  Module: { Id: moduleId, Tags: [] as Tag[] },
}

type AosMessage = Readonly<Record<string, unknown>> & {
  readonly Id: string
  readonly Timestamp: string
}

/** The n-th message to the fixture process; number 0 is the process item itself. */
export function aosMessage(number: number, action: string, data = ''): AosMessage {
  const boot = number === 0
  return {
    Id: boot ? processId : String(number).padStart(43, 'x'),
    Target: processId,
    Owner: owner,
    From: owner,
    Module: moduleId,
    Tags: boot ? processTags : [tag('Action', action), ...messageTags],
    Data: data,
    'Block-Height': '1000',
    Timestamp: String(1_700_000_000_000 + number),
    Cron: false,
  }
}

export const incHandler =
  'Counter = 0; Handlers.add("inc", "Inc", function(m) Counter = Counter + 1; ' +
  'ao.send({ Target = m.From, Data = tostring(Counter) }) end)'

/**
 * The run both hosts must agree on: boot, evals (one of them failing inside pcall), tables, random
 * numbers, then increments up to `count` messages.
 */
export function differentialRun(count: number): AosMessage[] {
  const evals = [
    '1+1',
    '#Handlers.list',
    incHandler,
    'T = {}; for i = 1, 2000 do T[i] = tostring(i) .. string.rep("x", i % 50) end; return #T',
    'return tostring(pcall(error, "expected")) .. tostring(math.random())',
    'for i = 1, 1500 do T[i] = nil end; collectgarbage(); return #table.concat(T, ",", 1501)',
    'return require("json").encode({ a = { 1, 2, 3 }, b = "\\u00fc\\u20ac" })',
  ]
  const messages = [aosMessage(0, '')]
  for (const source of evals) messages.push(aosMessage(messages.length, 'Eval', source))
  while (messages.length < count) messages.push(aosMessage(messages.length, 'Inc'))
  return messages
}

export type AosResponse = {
  readonly Error?: unknown
  readonly Output?: { readonly data?: unknown }
  readonly Messages?: { readonly Data?: unknown }[]
}

/** Gives `guest` a message and takes its answer apart; `ok: false` throws. */
export function sendTo(guest: Guest, message: AosMessage): AosResponse {
  const seed = new Uint8Array(32)
  Buffer.from(message.Id).copy(seed)
  const context = { timestampMs: Number(message.Timestamp), seed }
  const answer: unknown = JSON.parse(
    guest.handle(JSON.stringify(message), JSON.stringify(environment), context),
  )
  const { ok, response } = answer as { ok: boolean; response: AosResponse }
  if (!ok) throw new Error(`the module answered ${JSON.stringify(response)}`)
  return response
}
