import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type REPLServer, Recoverable, start } from 'node:repl'
import { errorMessage } from '@heddle/protocol/base'
import { completeName, isUnfinished, summarizeResult } from '@heddle/sdk/console'
import { print, printable } from '../output.ts'
import { colourInput } from './colour-input.ts'
import { followResults } from './live.ts'
import type { Session } from './session.ts'

type Reply = (error: Error | null, shown?: unknown) => void
type Completed = (error: Error | null, found: [string[], string]) => void

/** The console of a person: line editing, history, completion, colours and live results. */
export class Terminal {
  readonly #session: Session
  readonly #address: string | undefined
  readonly #server: REPLServer
  #evaluating: AbortController | undefined
  #following: AbortController | undefined

  /** `address` is the user's own: replies to it are shown whole. */
  constructor(session: Session, address: string | undefined) {
    this.#session = session
    this.#address = address
    const { language } = session.subject
    this.#server = start({
      prompt: `${language === 'lua' ? 'aos' : 'js'}> `,
      ignoreUndefined: true,
      preview: false,
      writer: (text) => String(text),
      eval: (code, _context, _file, reply) => void this.#evaluate(code, reply),
      completer: (line: string, reply: Completed) =>
        void this.#complete(line).then((found) => reply(null, found)),
    })
    session.onPrompt = (prompt) => this.#server.setPrompt(prompt)
    colourInput(this.#server, language)
    this.#defineCommands()
    this.#server.on('SIGINT', () => this.#evaluating?.abort(new Error('interrupted')))
  }

  /** Resolves when the user leaves. */
  async run(): Promise<void> {
    const left = new Promise<void>((resolve) => this.#server.once('exit', () => resolve()))
    await this.#rememberHistory()
    this.#watch(true)
    await left
    this.#watch(false)
  }

  async #evaluate(code: string, reply: Reply): Promise<void> {
    if (isUnfinished(code, this.#session.subject.language)) {
      return reply(new Recoverable(new SyntaxError('unfinished')))
    }
    this.#evaluating = new AbortController()
    const data = code.replace(/\n$/, '')
    if (data.trim() !== '') await this.#session.evaluate(data, this.#evaluating.signal)
    this.#evaluating = undefined
    reply(null)
  }

  async #complete(line: string): Promise<[string[], string]> {
    try {
      return await completeName(this.#session.subject, line)
    } catch {
      // A completion that cannot be had is no completion.
      return [[], line]
    }
  }

  /** Shows, above the line being typed, what the process does on its own or for others. */
  #watch(isOn: boolean): void {
    this.#following?.abort(new Error('no more'))
    this.#following = undefined
    if (!isOn) return
    const following = new AbortController()
    this.#following = following
    const { subject, answered } = this.#session
    const deps: Parameters<typeof followResults>[0] = {
      handle: subject.handle,
      onResult: (result) => {
        if (answered.delete(result.slot) || this.#evaluating !== undefined) return
        const said = summarizeResult(result, this.#address)
        if (said !== 'done') this.#above(`slot ${result.slot}  ${said}`)
      },
      onTrouble: (text) => this.#above(text),
    }
    followResults(deps, following.signal).catch((error) => {
      if (!following.signal.aborted) this.#above(errorMessage(error))
    })
  }

  #above(text: string): void {
    process.stdout.write('\r\x1b[K')
    print(printable(text))
    if (this.#evaluating === undefined) this.#server.displayPrompt(true)
  }

  #defineCommands(): void {
    // These of node:repl's own speak of its context, which a process does not have.
    for (const name of ['clear', 'save']) Reflect.deleteProperty(this.#server.commands, name)
    const watch = {
      help: 'on or off: show live what the process does',
      run: (text: string) => this.#watch(text !== 'off'),
    }
    for (const [name, command] of Object.entries({ ...this.#session.commands, watch })) {
      const action = (text: string) =>
        void this.#session.command(command, text).finally(() => this.#server.displayPrompt())
      this.#server.defineCommand(name, { help: command.help, action })
    }
  }

  /** A history that cannot be kept is not worth a refusal. */
  #rememberHistory(): Promise<void> {
    const folder = join(homedir(), '.heddle')
    return new Promise((resolve) => {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
      } catch {
        return resolve()
      }
      this.#server.setupHistory(join(folder, 'console_history'), () => resolve())
    })
  }
}
