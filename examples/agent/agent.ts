// A library for agents. The model only proposes: its answer is read as a call of a tool, and a
// policy of plain rules decides. What was decided goes into the agent's own log as a message, with
// what it came from, before anything is done; so every action has a decision, and every decision
// its grounds.

import {
  actsMax,
  type Call,
  type Decision,
  type Facts,
  judge,
  type Past,
  type Rule,
  type Verdict,
} from './policy.ts'

/** `?` at the end: may be left out. */
export type Parameter = 'whole' | 'whole?' | 'text' | 'text?'

export type Tool = {
  readonly parameters: Readonly<Record<string, Parameter>>
  /** Looks up what the rules need to know. */
  observe?(call: Call): Promise<Facts>
  /** Does it and tells what was done. `lineage` belongs on every message it sends. */
  run(call: Call, facts: Facts, lineage: readonly Lineage[]): string
}

export type Lineage = { readonly name: string; readonly value: string }

export type AgentOptions = {
  /** A process that answers `Infer`, or the address of an oracle. */
  readonly model: string
  /**
   * The model is outside: an oracle puts the question to it and sends the answer, signed, as a
   * message with `Model-Version`. Replay reads that message and never calls out.
   */
  readonly outside?: boolean
  readonly tools: Readonly<Record<string, Tool>>
  readonly policy: readonly Rule[]
  /** Tokens of a proposal at most. */
  readonly tokensMax?: number
  /** Decisions kept in memory; the log has all. */
  readonly kept?: number
}

export type Agent = {
  readonly decisions: readonly Decision[]
  /** Number of the decision that is being made, or 0. */
  readonly thinking: () => number
  /**
   * Asks the model about an instruction and decides. An older one still open comes too late then.
   */
  consider(instruction: string, source: Message): Promise<void>
}

const nothingRead: Facts = { values: {}, read: [] }
const outputLengthMax = 1_000
const tooLate: Verdict = {
  verdict: 'refuse',
  rule: 'late',
  why: 'a newer instruction came first',
}

export function createAgent(options: AgentOptions): Agent {
  const { model, outside = false, tools, tokensMax = 64, kept = 100 } = options
  const decisions: Decision[] = []
  const actedAt: number[] = []
  const approved = new Map<string, { readonly call: Call; readonly facts: Facts }>()
  let count = 0
  let open = 0
  let version = outside ? 'unstated' : undefined

  async function consider(instruction: string, source: Message): Promise<void> {
    const number = ++count
    open = number
    version ??= await askVersion(model)
    const tags = { 'Tokens-Max': tokensMax }
    const asked = send({ target: model, action: 'Infer', tags, data: `${instruction}\n` })
    const answer = await asked.receive()
    const output = answer.data.slice(0, outputLengthMax)
    const call = readCall(output, tools)
    const looked = await lookUp(call, tools)
    const facts = typeof looked === 'string' ? nothingRead : looked
    const at = answer.timestamp
    const late = open === number ? undefined : tooLate
    const verdict = late ?? decide(options.policy, call, looked, { decisions, actedAt, at })
    if (verdict.verdict === 'act') actedAt.push(at)
    if (actedAt.length > actsMax) actedAt.shift()
    const stated = answer.tags['Model-Version'] ?? version
    const read = [source.id, answer.id, ...facts.read]
    const receipt = answer.tags.Receipt
    const about = { number, at, instruction, read, model, version: stated, receipt, output }
    log({ ...about, ...verdict })
    if (call !== undefined && verdict.verdict === 'act')
      approved.set(String(number), { call, facts })
    else if (open === number) open = 0
  }

  /** The decision becomes a message of its own; what it allows is done when that has its slot. */
  function log(decision: Decision): void {
    decisions.push(decision)
    if (decisions.length > kept) decisions.shift()
    sendDecision(decision)
    const { number, instruction, verdict, rule, why } = decision
    print(`decision ${number}: “${instruction}”: ${verdict} (${rule}: ${why})`)
  }

  on({ action: 'Decision', from: process.id }, (msg) => {
    const number = msg.tags.Number ?? ''
    const decision = decisions.find((each) => String(each.number) === number)
    if (decision !== undefined) decision.id = msg.id
    const next = approved.get(number)
    if (next === undefined) return
    approved.delete(number)
    if (open !== Number(number)) {
      if (decision !== undefined) decision.action = `nothing: ${tooLate.why}`
      return
    }
    open = 0
    const lineage = [
      { name: 'Derived-From', value: msg.id },
      { name: 'Decision', value: number },
    ]
    const action = tools[next.call.tool]?.run(next.call, next.facts, lineage) ?? ''
    if (decision !== undefined) decision.action = action
    print(`decision ${number}: ${action}`)
  })

  return { decisions, thinking: () => open, consider }
}

/** What could not be looked up passes no rule. */
function decide(
  policy: readonly Rule[],
  call: Call | undefined,
  looked: Facts | string,
  past: Past,
): Verdict {
  return typeof looked === 'string'
    ? { verdict: 'refuse', rule: 'facts', why: looked }
    : judge(policy, call, looked, past)
}

/** What the rules need to know; why it cannot be had where that fails. */
async function lookUp(
  call: Call | undefined,
  tools: AgentOptions['tools'],
): Promise<Facts | string> {
  try {
    return (call && (await tools[call.tool]?.observe?.(call))) ?? nothingRead
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Sends a decision to the agent's own log, tagged with what it rests on. */
function sendDecision(decision: Decision): void {
  const { number, verdict, rule, model, version, receipt, read } = decision
  const about = {
    Number: String(number),
    Verdict: verdict,
    Rule: rule,
    Model: model,
    'Model-Version': version,
  }
  const grounds = read.map((value) => ({ name: 'Derived-From', value }))
  const tags = [
    ...Object.entries(about).map(([name, value]) => ({ name, value })),
    ...(receipt === undefined ? [] : [{ name: 'Receipt', value: receipt }]),
    ...grounds,
  ]
  send({ target: process.id, action: 'Decision', tags, data: decision })
}

/** The root of a model process's weights, as it says itself; receipts prove it. */
async function askVersion(model: string): Promise<string> {
  const answer = await send({ target: model, action: 'Info' }).receive()
  const info: unknown = answer.tags.Action === 'Info-Response' ? answer.json() : {}
  const root = typeof info === 'object' && info !== null ? Reflect.get(info, 'root') : undefined
  return typeof root === 'string' ? root : 'unknown'
}

/**
 * The call that a model's answer is, to the letter: a tool there is, its parameters and no others.
 */
function readCall(text: string, tools: AgentOptions['tools']): Call | undefined {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const given = new Map<string, unknown>(Object.entries(value))
  const name = given.get('tool')
  if (typeof name !== 'string' || !Object.hasOwn(tools, name)) return undefined
  const parameters = Object.entries(tools[name]?.parameters ?? {})
  const known = new Set(['tool', ...parameters.map(([parameter]) => parameter)])
  if ([...given.keys()].some((key) => !known.has(key))) return undefined
  const fits = parameters.every(([parameter, kind]) => isFit(given.get(parameter), kind))
  return fits ? (value as Call) : undefined
}

function isFit(value: unknown, kind: Parameter): boolean {
  if (value === undefined) return kind.endsWith('?')
  if (kind.startsWith('whole')) return Number.isSafeInteger(value) && Number(value) >= 1
  return typeof value === 'string' && value.length >= 1 && value.length <= 64
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
