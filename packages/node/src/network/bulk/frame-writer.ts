import type { Socket, Timer } from '../../runtime/index.ts'
import { encodeHeader, type FrameHeader } from './frame.ts'

/** A frame before its lengths are counted. */
export type Frame = Omit<FrameHeader, 'metaBytes' | 'bodyBytes'> & {
  readonly meta: Uint8Array
  readonly bodyParts: readonly Uint8Array[]
}

/** Sends frames one after another, without copying. */
export type FrameWriter = {
  /**
   * Settles once the frame's parts may change again. Rejects with the signal's reason where nothing was
   * sent yet; aborting a frame half-way ends the connection, since nothing else can follow it.
   */
  send(frame: Frame, signal?: AbortSignal): Promise<void>
}

type Job = {
  readonly frame: Frame
  readonly signal: AbortSignal | undefined
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** The system is given so much at a time, so that a slow link shows progress. */
const batchBytes = 1024 * 1024

export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

export function createFrameWriter(
  socket: Socket,
  timer: Pick<Timer, 'after'>,
  stallMs: number,
  onStall: () => void,
): FrameWriter {
  const jobs: Job[] = []
  let isWriting = false
  const write = async ({ meta, bodyParts, ...rest }: Frame) => {
    const head = encodeHeader({ ...rest, metaBytes: meta.length, bodyBytes: lengthOf(bodyParts) })
    for (const batch of batchesOf([head, meta, ...bodyParts])) {
      const cancel = timer.after(stallMs, onStall)
      try {
        await socket.write(batch)
      } finally {
        cancel()
      }
    }
  }
  const work = async () => {
    if (isWriting) return
    isWriting = true
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const onAbort = () => socket.destroy()
      job.signal?.addEventListener('abort', onAbort, { once: true })
      await write(job.frame).then(job.resolve, job.reject)
      job.signal?.removeEventListener('abort', onAbort)
    }
    isWriting = false
  }
  return {
    send: (frame, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          const at = jobs.indexOf(job)
          if (at < 0) return
          jobs.splice(at, 1)
          reject(signal?.reason)
        }
        const settle = () => signal?.removeEventListener('abort', onAbort)
        signal?.addEventListener('abort', onAbort, { once: true })
        const job: Job = {
          frame,
          signal,
          resolve: () => {
            settle()
            resolve()
          },
          reject: (cause) => {
            settle()
            reject(cause)
          },
        }
        jobs.push(job)
        void work()
      }),
  }
}

/** Cuts parts, without copying, into groups of a mebibyte. */
function* batchesOf(parts: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + batchBytes - bytes)
      batch.push(piece)
      bytes += piece.length
      at += piece.length
      if (bytes < batchBytes) continue
      yield batch
      batch = []
      bytes = 0
    }
  }
  if (batch.length > 0) yield batch
}
