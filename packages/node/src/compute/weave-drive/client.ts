import { receiveMessageOnPort } from 'node:worker_threads'
import { assert, type ErrorKind, HeddleError } from '@heddle/protocol/base'
import type { Drive, GuestModule } from '../guest/ports.ts'
import { leaveIfAsked, pauseWatch } from '../worker/watch.ts'
import type { WindowReply } from './channel.ts'
import type { DriveLine } from './line.ts'
import type { DriveRule } from './rule.ts'
import type { FileWindow, WindowRequest } from './service.ts'

/** The module, whose guests may read the drive. */
export function withDrive(module: GuestModule, drive: Drive | undefined): GuestModule {
  if (drive === undefined) return module
  return { ...module, instantiate: (options) => module.instantiate({ ...options, drive }) }
}

/** How often a thread that waits looks whether it is to end. */
const lookMs = 100

/** A thread's end of its line. */
export class DriveClient {
  readonly #line: DriveLine
  readonly #replies: Int32Array
  readonly #watch: Int32Array

  /** `watch`: the cells of `worker/watch.ts`; time spent waiting here is not the evaluation's. */
  constructor(line: DriveLine, watch: Int32Array) {
    this.#line = line
    this.#replies = new Int32Array(line.replies)
    this.#watch = watch
  }

  /** The drive of a process; undefined where its tags give it none. */
  driveOf(rule: DriveRule | undefined): Drive | undefined {
    if (rule === undefined) return undefined
    return {
      open: (path, slot) => {
        const read = (window: number) => this.#ask({ rule, slot, path, window })
        const first = read(0)
        return { sizeBytes: first.sizeBytes, first: first.bytes, read: (n) => read(n).bytes }
      },
    }
  }

  #ask(request: WindowRequest): FileWindow {
    const before = Atomics.load(this.#replies, 0)
    this.#line.port.postMessage(request)
    const goOn = pauseWatch(this.#watch)
    while (Atomics.load(this.#replies, 0) === before) {
      leaveIfAsked(this.#watch)
      Atomics.wait(this.#replies, 0, before, lookMs)
    }
    leaveIfAsked(this.#watch)
    goOn()
    const received = receiveMessageOnPort(this.#line.port)
    assert(received !== undefined, 'a reply is sent before it is counted')
    const reply = received.message as WindowReply
    if ('file' in reply) return reply.file
    const { code, kind, message } = reply.error
    throw new HeddleError(code, kind as ErrorKind, message)
  }
}
