import { processInfo } from './environment.ts'
import { showAs } from './inspect.ts'
import { keepLayout } from './layout.ts'
import type { Matched } from './match.ts'
import {
  type Draft,
  type GivenMessage,
  type GivenSpawn,
  postMessage,
  postSpawn,
} from './outgoing.ts'
import { waitFor, waitForReply } from './waits.ts'

const posted: unique symbol = Symbol('posted')

/** A message on its way. Its id comes into being when the messenger signs it. */
export class Sent {
  declare readonly [posted]: Draft

  constructor(draft: Draft) {
    this[posted] = draft
  }

  get reference(): string {
    return String(this[posted][2])
  }

  get target(): string {
    return this[posted][1]
  }

  /**
   * The next reply, which arrives as a later message; the handler goes on then. Only the target
   * may answer, unless `from` names another (a forwarded request is answered by its last station).
   */
  receive(options: { readonly from?: string } = {}): Promise<Matched> {
    return waitForReply(this.reference, options.from ?? this.target)
  }

  toJSON() {
    return { reference: this.reference, target: this.target }
  }
}

keepLayout(Sent.prototype, [posted])
showAs(Sent.prototype, (sent) => (sent as Sent).toJSON())

/** Sends a message when this evaluation has been made durable. */
export function send(message: GivenMessage): Sent {
  return new Sent(postMessage(message))
}

/** A process on its way into being: `await` it for its id. */
class Spawning {
  declare readonly reference: string

  constructor(reference: string) {
    this.reference = reference
  }

  /** The `Spawned` message of the messenger; its tag `Process` is the new id. */
  receive(): Promise<Matched> {
    return waitFor({ action: 'Spawned', from: processInfo.id, reference: this.reference })
  }

  // biome-ignore lint/suspicious/noThenProperty: `await spawn(…)` gives the id; that is its point.
  then<T>(resolve: (processId: string) => T, reject?: (error: unknown) => T): Promise<T> {
    return this.receive().then((message) => resolve(message.tags.Process ?? ''), reject)
  }
}

/** Spawns a process from JavaScript source, or from any module with data. */
export function spawn(process: GivenSpawn): Spawning {
  return new Spawning(String(postSpawn(process)[2]))
}
