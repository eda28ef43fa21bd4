// A library for agents. The model only proposes: its answer is read as a call of a tool, and a
// policy of plain rules decides. What was decided goes into the agent's own log as a message, with
// what it came from, before anything is done; so every action has a decision, and every decision
// its grounds.

/** A proposal that was read: a tool and its parameters. */
export type Call = { readonly tool: string; readonly [parameter: string]: string | number }

/** What was looked up for a proposal: values, and the ids of the messages they were read from. */
export type Facts = {
  readonly values: Readonly<Record<string, number>>
  readonly read: readonly string[]
}

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

/** Gives the reason to refuse, or undefined. Rules are asked in order; the first reason counts. */
export type Rule = {
  readonly name: string
  check(call: Call, facts: Facts, past: Past): string | undefined
}

/** What was decided before, and the time now (milliseconds). */
export type Past = { readonly decisions: readonly Decision[]; readonly at: number }

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

type Verdict = Pick<Decision, 'verdict' | 'rule' | 'why'>

const nothingRead: Facts = { values: {}, read: [] }
const outputLengthMax = 1_000

export function createAgent(options: AgentOptions): Agent {
  const { model, outside = false, tools, tokensMax = 64, kept = 100 } = options
  const decisions: Decision[] = []
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
    const facts = (call && (await tools[call.tool]?.observe?.(call))) ?? nothingRead
    const at = answer.timestamp
    const verdict: Verdict =
      open === number
        ? judge(options, call, facts, { decisions, at })
        : { verdict: 'refuse', rule: 'late', why: 'a newer instruction came first' }
    const stated = answer.tags['Model-Version'] ?? version
    const read = [source.id, answer.id, ...facts.read]
    const receipt = answer.tags.Receipt
    log({
      number,
      at,
      instruction,
      read,
      model,
      version: stated,
      receipt,
      output,
      ...verdict,
    })
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
      if (decision !== undefined) decision.action = 'nothing: a newer instruction came first'
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

/** The first rule with a reason refuses; without one the call passes. */
function judge(
  { policy }: AgentOptions,
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

/** Only these values of a parameter, where a call has it. */
export function allowOnly(name: string, parameter: string, allowed: readonly string[]): Rule {
  const check = (call: Call) => {
    const value = call[parameter]
    if (value === undefined || allowed.includes(String(value))) return undefined
    return `${value} is not on the list`
  }
  return { name, check }
}

/** At most so much of what `measure` finds; undefined where the rule does not apply. */
export function cap(
  name: string,
  most: () => number,
  measure: (call: Call, facts: Facts) => number | undefined,
): Rule {
  const check = (call: Call, facts: Facts) => {
    const amount = measure(call, facts)
    return amount === undefined || amount <= most() ? undefined : `${amount} is above ${most()}`
  }
  return { name, check }
}

/** At most so many actions within a time. */
export function rate(name: string, most: number, spanMs: number): Rule {
  const check = (_call: Call, _facts: Facts, past: Past) => {
    const since = past.at - spanMs
    const isRecent = ({ verdict, at }: Decision) => verdict === 'act' && at > since
    const acted = past.decisions.filter(isRecent).length
    return acted < most ? undefined : `${acted} actions within ${spanMs / 1000} s`
  }
  return { name, check }
}

/** A value no further off another than so many percent. */
export function slippage(
  name: string,
  percent: number,
  values: (call: Call, facts: Facts) => readonly [number, number] | undefined,
): Rule {
  const check = (call: Call, facts: Facts) => {
    const [value, expected] = values(call, facts) ?? [0, 0]
    const off = expected === 0 ? 0 : (Math.abs(value - expected) / expected) * 100
    return off <= percent ? undefined : `${value} is ${Math.round(off)} % off ${expected}`
  }
  return { name, check }
}
