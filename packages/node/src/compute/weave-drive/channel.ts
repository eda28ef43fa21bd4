import { MessageChannel } from 'node:worker_threads'
import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import type { CarriedError } from '../worker/protocol.ts'
import type { DriveLine } from './line.ts'
import type { DriveService, FileWindow, WindowRequest } from './service.ts'

export type WindowReply = { readonly file: FileWindow } | { readonly error: CarriedError }

/** The unit's end of a line. `line` goes to the thread, its port transferred. */
export function openDriveLine(answer: DriveService | undefined): {
  readonly line: DriveLine
  close(): void
} {
  const { port1, port2 } = new MessageChannel()
  const replies = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const cells = new Int32Array(replies)
  const send = (reply: WindowReply) => {
    port1.postMessage(reply)
    Atomics.add(cells, 0, 1)
    Atomics.notify(cells, 0)
  }
  port1.on('message', (request: WindowRequest) => {
    if (answer === undefined) return send({ error: carriedError(noDrive) })
    answer(request).then(
      (file) => send({ file }),
      (error) => send({ error: carriedError(error) }),
    )
  })
  // The thread itself keeps the program running; its line alone must not.
  port1.unref()
  return { line: { port: port2, replies }, close: () => port1.close() }
}

const noDrive = { code: 'weave-drive-missing', kind: 'missing', message: 'no drive is served here' }

function carriedError(error: unknown): CarriedError {
  if (error === noDrive) return noDrive
  if (isHeddleError(error)) return { code: error.code, kind: error.kind, message: error.message }
  return { code: 'internal', kind: 'internal', message: errorMessage(error) }
}
