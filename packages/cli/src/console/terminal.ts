import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type REPLServer, Recoverable, start } from 'node:repl'
import { errorMessage } from '@heddle/protocol/base'
import { completeName, isUnfinished, summarizeResult } from '@heddle/sdk/console'
import { print, printable } from '../output.ts'
import { colourInput } from './colour-input.ts'
import { holdInput } from './hold-input.ts'
import { type Found, followResults } from './live.ts'
import type { Session } from './session.ts'

type Reply = (error: Error | null, shown?: unknown) => void
type Completed = (error: Error | null, found: [string[], string]) => void

/** The console of a person: line editing, history, completion, colours and live results. */
export class Terminal {
  readonly #session: Session
  readonly #address: string | undefined
  readonly #server: REPLServer
  #answering: AbortController | undefined
  #following: AbortController | undefined
  /** What the process did meanwhile; shown once nothing is awaited. */
  readonly #unseen: Found[] = []
  readonly #takeHeld: () => void

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
    this.#takeHeld = holdInput(this.#server, () => this.#answering !== undefined)
    this.#defineCommands()
    this.#server.on('SIGINT', () => this.#answering?.abort(new Error('interrupted')))
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
    const data = code.replace(/\n$/, '')
    if (data.trim() === '') return reply(null)
    await this.#answer(
      (signal) => this.#session.evaluate(data, signal),
      () => reply(null),
    )
  }

  /** Lets work end before anything else is shown or taken from the keys. */
  async #answer(work: (signal: AbortSignal) => Promise<void>, done: () => void): Promise<void> {
    const answering = new AbortController()
    this.#answering = answering
    await work(answering.signal)
    this.#answering = undefined
    done()
    this.#showUnseen()
    this.#takeHeld()
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
    const deps: Parameters<typeof followResults>[0] = {
      handle: this.#session.subject.handle,
      onResult: (result) => {
        this.#unseen.push(result)
        this.#showUnseen()
      },
      onTrouble: (text) => this.#above(text),
    }
    followResults(deps, following.signal).catch((error) => {
      if (!following.signal.aborted) this.#above(errorMessage(error))
    })
  }

  /** Only when no answer is awaited: it may be among them. */
  #showUnseen(): void {
    if (this.#answering !== undefined) return
    for (const result of this.#unseen.splice(0)) {
      if (this.#session.answered.delete(result.slot)) continue
      const said = summarizeResult(result, this.#address)
      if (said !== 'done') this.#above(`slot ${result.slot}  ${said}`)
    }
  }

  #above(text: string): void {
    process.stdout.write('\r\x1b[K')
    print(printable(text))
    if (this.#answering === undefined) this.#server.displayPrompt(true)
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
        void this.#answer(
          (signal) => this.#session.command(command, text, signal),
          () => this.#server.displayPrompt(),
        )
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
