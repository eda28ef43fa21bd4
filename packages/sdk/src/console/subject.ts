import { isHeddleError } from '@heddle/protocol/base'
import type { Client } from '../client.ts'
import type { ProcessHandle } from '../process.ts'
import type { ReadResult } from '../result.ts'
import type { Language } from './lexer.ts'

/** The process a console talks to. */
export type Subject = {
  readonly handle: ProcessHandle
  readonly language: Language
  readonly owner: string | undefined
}

/** Looks at a process's own item: actors of the node's `js` module speak JavaScript, others Lua. */
export async function findSubject(client: Client, processId: string): Promise<Subject> {
  const handle = client.process(processId)
  const status = await client.status()
  const module = await moduleOf(client, processId)
  const language = module === status.modules.js ? 'javascript' : 'lua'
  return { handle, language, owner: client.address }
}

/** Undefined where this node has the process's log and not its item. */
async function moduleOf(client: Client, processId: string): Promise<string | undefined> {
  try {
    const { tags } = await client.item(processId)
    return tags.find(({ name }) => name === 'Module')?.value
  } catch (error) {
    if (isHeddleError(error) && error.kind === 'missing') return undefined
    throw error
  }
}

/** Names that complete the word at the end of `line`, and that word. Asks by a dry-run: no trace is left. */
export async function completeName(subject: Subject, line: string): Promise<[string[], string]> {
  const { handle, language } = subject
  const path = /[A-Za-z_$][\w$.]*$/.exec(line)?.[0] ?? ''
  const dot = path.lastIndexOf('.')
  const [object, start] = [path.slice(0, Math.max(dot, 0)), path.slice(dot + 1)]
  const result = await handle.read({ action: 'Eval', data: namesCode[language](object) })
  if (result.error !== undefined) return [[], start]
  const names = result.output.match(/[A-Za-z_$][\w$]*/g) ?? []
  const fitting = [...new Set(names)].filter((name) => name.startsWith(start)).sort()
  return [fitting, start]
}

/** Code that gives the names an object has, the global ones without one. */
const namesCode: Readonly<Record<Language, (object: string) => string>> = {
  javascript: (object) =>
    `(() => { const names = []; for (let o = Object(${object || 'globalThis'}); ` +
    'o !== null && o !== Object.prototype; o = Object.getPrototypeOf(o)) ' +
    'names.push(...Object.getOwnPropertyNames(o)); return names.join(" ") })()',
  lua: (object) =>
    `local names = {} for name in pairs(${object || '_G'}) do ` +
    'if type(name) == "string" then table.insert(names, name) end end ' +
    'return table.concat(names, " ")',
}

/** Code that gives the messages no handler took. */
export const inboxCode: Readonly<Record<Language, string>> = {
  javascript: 'inbox',
  lua: 'return Inbox',
}

/** What a process wants its console to ask with; undefined where it does not say. */
export function promptOf(result: Pick<ReadResult, 'raw'>): string | undefined {
  const output: unknown = result.raw.Output
  const has = typeof output === 'object' && output !== null && 'prompt' in output
  return has && typeof output.prompt === 'string' ? output.prompt : undefined
}
