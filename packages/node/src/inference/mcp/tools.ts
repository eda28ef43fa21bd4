import { isId } from '@heddle/protocol/base'
import type { Tag } from '@heddle/protocol/item'
import { mcpInputInvalid, mcpSendDenied } from '../errors.ts'
import type { Caller } from '../service/service.ts'
import type { Handler } from './handlers.ts'
import type { AskedMessage, ProcessAccess, ProcessCard } from './processes.ts'
import { resultText } from './result-text.ts'

/** A tool as MCP describes it. */
export type ToolCard = {
  readonly name: string
  readonly description: string
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown }
  readonly annotations: { readonly readOnlyHint: boolean; readonly openWorldHint: boolean }
}

export type Input = Readonly<Record<string, unknown>>

/** A tool with what it does; resolves with what the caller is shown, rejects with a HeddleError. */
export type Tool = { readonly card: ToolCard; run(input: Input, call: ToolCall): Promise<string> }

export type ToolCall = {
  readonly signal: AbortSignal
  readonly caller: Caller
  /** Whether this caller may act, not only look. */
  readonly maySend: boolean
}

const tagsSchema = {
  type: 'object',
  description: 'Tags of the message, by name',
  additionalProperties: { type: 'string' },
}
const dataSchema = { type: 'string', description: 'Data of the message' }
const processSchema = { type: 'string', description: 'Id of the process' }
const messageSchema = {
  type: 'object' as const,
  properties: {
    process: processSchema,
    action: { type: 'string', description: 'Action of the message: which handler gets it' },
    tags: tagsSchema,
    data: dataSchema,
  },
  required: ['process', 'action'],
}

/** Tools for any process: list, read, send. */
export function processTools(access: ProcessAccess): Tool[] {
  return [
    {
      card: {
        name: 'list_processes',
        description: 'The newest processes of this node, with the actions each handles',
        inputSchema: { type: 'object', properties: { limit: { type: 'integer' } } },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      run: async ({ limit = 50 }) => {
        const most = Math.max(1, Math.min(200, Number(limit) || 50))
        return JSON.stringify(await access.list(most), undefined, 2)
      },
    },
    {
      card: {
        name: 'read_process',
        description: 'Ask a process something without leaving a trace (a dry-run)',
        inputSchema: messageSchema,
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      run: async (input, { signal }) =>
        resultText(await access.read(idOf(input, 'process'), messageOf(input), signal)),
    },
    {
      card: {
        name: 'send_message',
        description: 'Send a message to a process and wait for its result; it changes state',
        inputSchema: messageSchema,
        annotations: { readOnlyHint: false, openWorldHint: false },
      },
      run: async (input, { signal, maySend }) => {
        if (!maySend) throw mcpSendDenied()
        return resultText(await access.send(idOf(input, 'process'), messageOf(input), signal))
      },
    },
  ]
}

/** Each handler of a process as two tools: one that sends, one that only reads. */
export function handlerTools(process: ProcessCard, access: ProcessAccess): Tool[] {
  const labels = labelsOf(process.handlers)
  return process.handlers.flatMap((handler, at) => {
    const own = { ...handler, label: labels[at] ?? handler.action }
    const send = handlerTool(process, own, 'send', async (message, { signal, maySend }) => {
      if (!maySend) throw mcpSendDenied()
      return resultText(await access.send(process.id, message, signal))
    })
    const read = handlerTool(process, own, 'read', async (message, { signal }) =>
      resultText(await access.read(process.id, message, signal)),
    )
    return [send, read]
  })
}

function handlerTool(
  { id, name }: ProcessCard,
  { action, tags, label }: Handler & { readonly label: string },
  verb: 'send' | 'read',
  run: (message: AskedMessage, call: ToolCall) => Promise<string>,
): Tool {
  const what = `${action} of process ${name === '' ? id : `${name} (${id})`}`
  const isRead = verb === 'read'
  const properties = Object.fromEntries(tags.map((tag) => [tag, { type: 'string' }]))
  return {
    card: {
      name: toolName(id, name, label, verb),
      description: isRead ? `Ask ${what} without leaving a trace` : `Send ${what}`,
      inputSchema: {
        type: 'object',
        properties: { ...properties, data: dataSchema },
        additionalProperties: { type: 'string' },
      },
      annotations: { readOnlyHint: isRead, openWorldHint: false },
    },
    run: (input, call) => {
      const { data = '', ...rest } = input
      return run({ action, tags: tagsOf(rest), data: textOf('data', data) }, call)
    },
  }
}

/** Actions as parts of names that every client takes; the same letters get a number behind them. */
function labelsOf(handlers: readonly Handler[]): string[] {
  const used = new Set<string>()
  return handlers.map(({ action }) => {
    const first = clean(action, 24)
    let label = first
    for (let count = 2; used.has(label); count++) label = `${first}-${count}`
    used.add(label)
    return label
  })
}

/** At most 64 characters that every client takes, and not the same for two processes or handlers. */
function toolName(id: string, name: string, label: string, verb: string): string {
  const title = name === '' ? '' : `${clean(name, 16)}_`
  return `${verb}_${title}${clean(id, 8)}_${label}`
}

function clean(text: string, length: number): string {
  return text.replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, length)
}

function idOf(input: Input, name: string): string {
  const value = input[name]
  if (typeof value === 'string' && isId(value)) return value
  throw mcpInputInvalid(`${name} must be an id: 43 characters of base64url`)
}

export function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw mcpInputInvalid(`${name} must be a text`)
}

function messageOf({ action, tags = {}, data = '' }: Input): AskedMessage {
  return { action: textOf('action', action), tags: tagsOf(tags), data: textOf('data', data) }
}

function tagsOf(given: unknown): Tag[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw mcpInputInvalid('tags must be an object of texts')
  }
  return Object.entries(given).map(([name, value]) => {
    const isPlain = typeof value === 'string' || typeof value === 'number' || value === true
    if (isPlain || value === false) return { name, value: String(value) }
    throw mcpInputInvalid(`tag ${name} must be a text`)
  })
}
