import { stripTypeScriptTypes } from 'node:module'
import { errorMessage } from '@heddle/protocol/base'
import { readActorSource, type SlotResult } from '@heddle/sdk'
import { inboxCode, promptOf, type Subject } from '@heddle/sdk/console'
import { print, printable, remark } from '../output.ts'

/** What a line that begins with a dot does; both ways to use a console have the same ones. */
export type ConsoleCommand = {
  readonly help: string
  run(text: string, signal?: AbortSignal): Promise<void> | void
}

/** One process and what is shown of it, however its user types. */
export class Session {
  readonly subject: Subject
  /** Slots whose result was shown as the answer to what was typed. */
  readonly answered = new Set<number>()
  readonly commands: Readonly<Record<string, ConsoleCommand>>
  /** Told the prompt a process gives itself. */
  onPrompt: (prompt: string) => void = () => {}
  /** False if anything ended in an error. */
  isGood = true

  constructor(subject: Subject, nodeUrl: string) {
    this.subject = subject
    this.commands = {
      load: { help: 'FILE: evaluate its code', run: (path, signal) => this.#load(path, signal) },
      inbox: { help: 'Show messages no handler took', run: (_, signal) => this.#inbox(signal) },
      process: {
        help: 'Show the id of the process and the node',
        run: () => print(`${subject.handle.id}  ${nodeUrl}`),
      },
    }
  }

  /** Sends code as an `Eval` and shows what came of it; never rejects. */
  async evaluate(data: string, signal?: AbortSignal): Promise<void> {
    const { handle, language } = this.subject
    const code = language === 'javascript' ? withoutTypes(data) : data
    try {
      const asked = signal === undefined ? {} : { signal }
      this.#show(await handle.send({ action: 'Eval', data: code, ...asked }))
    } catch (error) {
      const stopped = signal?.aborted === true
      this.fault(stopped ? 'interrupted; what was sent stays sent' : errorMessage(error))
    }
  }

  /** Runs a dot command; never rejects. */
  async command({ run }: ConsoleCommand, text: string, signal?: AbortSignal): Promise<void> {
    try {
      await run(text.trim(), signal)
    } catch (error) {
      this.fault(signal?.aborted === true ? 'interrupted' : errorMessage(error))
    }
  }

  fault(text: string): void {
    this.isGood = false
    const line = printable(text)
    remark(process.stderr.isTTY ? `\x1b[31m${line}\x1b[0m` : line)
  }

  #show(result: SlotResult): void {
    this.answered.add(result.slot)
    const prompt = promptOf(result)
    if (prompt !== undefined) this.onPrompt(printable(prompt))
    if (result.error !== undefined) this.fault(result.error)
    // What a declaration gives is nothing to show.
    else if (result.output !== '' && result.output !== 'undefined') print(printable(result.output))
  }

  async #load(path: string, signal?: AbortSignal): Promise<void> {
    await this.evaluate(await readActorSource(path), signal)
  }

  async #inbox(signal?: AbortSignal): Promise<void> {
    const { handle, language } = this.subject
    const asked = signal === undefined ? {} : { signal }
    const result = await handle.read({ action: 'Eval', data: inboxCode[language], ...asked })
    if (result.error === undefined) print(printable(result.output))
    else this.fault(result.error)
  }
}

/** TypeScript as JavaScript. What cannot be read is sent as it is: the process says what is wrong. */
function withoutTypes(code: string): string {
  try {
    return stripTypeScriptTypes(code)
  } catch {
    return code
  }
}
