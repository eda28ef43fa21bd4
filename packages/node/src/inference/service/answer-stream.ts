import { isHeddleError } from '@heddle/protocol/base'
import type { AnswerEnding } from '../worker/protocol.ts'
import type { Listener } from './thread.ts'

/** Joins what a thread sends of one answer with whoever reads it. */
export type AnswerStream = {
  readonly listener: Listener
  /** What ends the answer early. */
  onCancel(cancel: () => void): void
  /** `again` where the model was gone before the first token and `mayRetry`. */
  bytes(mayRetry: boolean): AsyncGenerator<Uint8Array, AnswerEnding | 'again', undefined>
  /** Ends the answer unless it has ended. */
  cancel(): void
}

/** `onSettled`: nothing is computed for it any more, read or not. */
export function createAnswerStream(
  signal: AbortSignal | undefined,
  onSettled: () => void,
): AnswerStream {
  const parts: Uint8Array[] = []
  let ending: AnswerEnding | undefined
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}
  let cancelAnswer = () => {}

  const cancel = () => {
    signal?.removeEventListener('abort', onAbort)
    cancelAnswer()
  }
  const onAbort = () => {
    failure ??= { error: signal?.reason }
    cancel()
    onSettled()
    wake()
  }
  signal?.addEventListener('abort', onAbort, { once: true })

  async function* bytes(
    mayRetry: boolean,
  ): AsyncGenerator<Uint8Array, AnswerEnding | 'again', undefined> {
    for (;;) {
      const part = parts.shift()
      if (part !== undefined) {
        yield part
        continue
      }
      if (failure !== undefined) {
        if (mayRetry && isHeddleError(failure.error, 'model-not-loaded')) return 'again'
        throw failure.error
      }
      if (ending !== undefined) return ending
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    listener: {
      text: (part) => {
        parts.push(part)
        wake()
      },
      done: (given) => {
        ending = given
        onSettled()
        wake()
      },
      failed: (error) => {
        failure ??= { error }
        if (!isHeddleError(error, 'model-not-loaded')) onSettled()
        wake()
      },
    },
    onCancel: (given) => {
      cancelAnswer = given
    },
    bytes,
    cancel,
  }
}
