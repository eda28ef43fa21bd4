import type { MessagePort } from 'node:worker_threads'

/**
 * How a thread asks for a window in the middle of an evaluation, which cannot wait for a promise: it posts the
 * request, sleeps on a cell of shared memory, and takes the reply out of its port.
 */
export type DriveLine = {
  readonly port: MessagePort
  /** One 32-bit cell: replies sent. */
  readonly replies: SharedArrayBuffer
}
