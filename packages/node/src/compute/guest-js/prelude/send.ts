import { processInfo } from './environment.ts'
import { keepLayout } from './layout.ts'
import type { Matched } from './match.ts'
import {
  type Carried,
  type GivenMessage,
  type GivenSpawn,
  postMessage,
  postSpawn,
} from './outgoing.ts'
import { waitFor, waitForReply } from './waits.ts'

/** A message on its way. Its id comes into being when the messenger signs it. */
export class Sent {
  declare readonly reference: string
  declare readonly target: string

  constructor(reference: string, target: string) {
    this.reference = reference
    this.target = target
  }

  /**
   * The next reply, which arrives as a later message; the handler goes on then. Only the target
   * may answer, unless `from` names another (a forwarded request is answered by its last station).
   */
  receive(options: { readonly from?: string } = {}): Promise<Matched> {
    return waitForReply(this.reference, options.from ?? this.target)
  }
}

keepLayout(Sent.prototype, ['reference', 'target'])

/** Sends a message when this evaluation has been made durable. */
export function send(message: GivenMessage, carried?: Carried): Sent {
  const { reference, target } = postMessage(message, carried)
  return new Sent(reference, target)
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
  return new Spawning(postSpawn(process).reference)
}
