import { type Client, isHeddleError, type SlotResult } from '@heddle/sdk'
import {
  colourCode,
  completeName,
  inboxCode,
  promptOf,
  type Subject,
  summarizeResult,
} from '@heddle/sdk/console'
import { followProcess } from './follow.ts'
import type { Screen } from './screen.ts'
import { plainText } from './shown-text.ts'

/** One process and what is shown of it. Its methods never reject. */
export type Session = {
  readonly subject: Subject
  readonly prompt: string
  /** Runs a line: a command with a dot, or code. */
  run(line: string, signal: AbortSignal): Promise<void>
  /** What completes the word at the end, and the candidates where there are many. */
  complete(line: string): Promise<{ readonly rest: string; readonly names: readonly string[] }>
  /** Shows what the process did of its own or for others since the last call. */
  showNew(signal: AbortSignal): Promise<void>
}

const red = (text: string) => `\x1b[31m${text}\x1b[0m`
const quiet = (text: string) => `\x1b[90m${text}\x1b[0m`

const help = [
  'Enter runs whole code, and adds a line to code that goes on; Shift+Enter always adds one.',
  'Up and Down bring back earlier lines, Tab completes a name, Ctrl+C stops waiting.',
  '.load      evaluate a file of this computer',
  '.inbox     show messages no handler took',
  '.watch     on or off: show live what the process does',
  '.process   show the id of the process and the node',
  '.clear     empty the screen',
].join('\n')

export type SessionDeps = {
  readonly client: Client
  readonly subject: Subject
  readonly screen: Screen
  /** A source file of the reader's choice, as JavaScript or Lua; undefined where none was chosen. */
  pickSource(): Promise<string | undefined>
}

export function createSession({ client, subject, screen, pickSource }: SessionDeps): Session {
  const { handle, language } = subject
  let prompt = language === 'lua' ? 'aos> ' : 'js> '
  let isWatching = true
  const following = followProcess(handle, (done) => {
    const said = isWatching ? summarizeResult(done, client.address) : 'done'
    if (said !== 'done') screen.print(`${quiet(`slot ${done.slot}`)}  ${said}`)
  })

  const show = (result: SlotResult) => {
    prompt = plainText(promptOf(result) ?? prompt)
    if (result.error !== undefined) screen.print(red(result.error))
    // What a declaration gives is nothing to show.
    else if (result.output !== '' && result.output !== 'undefined') screen.print(result.output)
  }

  const evaluate = async (data: string, signal: AbortSignal) => {
    const code = language === 'javascript' ? await withoutTypes(data) : data
    const sending = () => handle.send({ action: 'Eval', data: code, signal })
    show(await following.evaluate(sending))
  }

  const commands: Readonly<Record<string, Command>> = {
    help: () => screen.print(help),
    clear: () => screen.clear(),
    process: () => screen.print(`${handle.id}  ${client.url}`),
    inbox: async () => {
      const result = await handle.read({ action: 'Eval', data: inboxCode[language] })
      screen.print(result.error === undefined ? result.output : red(result.error))
    },
    load: async (_text, signal) => {
      const source = await pickSource()
      if (source !== undefined) await evaluate(source, signal)
    },
    watch: (text) => {
      isWatching = text !== 'off'
      screen.print(quiet(isWatching ? 'shows live what the process does' : 'shows answers only'))
    },
  }

  const runLine = async (line: string, signal: AbortSignal) => {
    const [, name, text = ''] = /^\.(\w+)\s*(.*)$/.exec(line) ?? []
    if (name === undefined) return evaluate(line, signal)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    const known = Object.keys(commands).map((one) => `.${one}`)
    if (command === undefined) screen.print(red(`no command .${name}: ${known.join(', ')}`))
    else await command(text.trim(), signal)
  }

  return {
    subject,
    get prompt() {
      return prompt
    },
    async run(line, signal) {
      screen.print(`${quiet(prompt)}${colourCode(line, language)}`)
      try {
        await runLine(line, signal)
      } catch (error) {
        screen.print(red(signal.aborted ? 'stopped; what was sent stays sent' : told(error)))
      }
    },
    complete: (line) => completeLine(subject, line),
    async showNew(signal) {
      try {
        await following.showNew(signal)
      } catch (error) {
        if (!signal.aborted) screen.print(quiet(told(error)))
      }
    },
  }
}

async function completeLine(subject: Subject, line: string): ReturnType<Session['complete']> {
  try {
    const [names, start] = await completeName(subject, line)
    return { rest: sharedStart(names).slice(start.length), names }
  } catch {
    // A completion that cannot be had is no completion.
    return { rest: '', names: [] }
  }
}

type Command = (text: string, signal: AbortSignal) => void | Promise<void>

function told(error: unknown): string {
  if (isHeddleError(error) || error instanceof Error) return error.message
  return String(error)
}

/** What all of them begin with. */
function sharedStart(names: readonly string[]): string {
  const [first = '', ...rest] = names
  let length = first.length
  for (const name of rest) {
    while (!name.startsWith(first.slice(0, length))) length--
  }
  return first.slice(0, length)
}

/** TypeScript as JavaScript. What cannot be read is sent as it is: the process says what is wrong. */
async function withoutTypes(code: string): Promise<string> {
  const { stripTypes } = await import('../act/strip-types.ts')
  try {
    return stripTypes(code)
  } catch {
    return code
  }
}
