import type { ModelManifest } from '@heddle/protocol/model'
import type { Finish } from '@heddle/protocol/receipt'
import type { AnswerRequest } from '../answer/answer.ts'
import type { ChunkRun } from './runs.ts'

/**
 * What the service and its thread say to each other. Models are named by the ids of their items, answers
 * and wanted runs by numbers.
 */
export type ToWorker =
  | {
      readonly kind: 'load'
      readonly model: string
      readonly manifest: ModelManifest
      readonly tokenizer: Uint8Array | undefined
    }
  | (BroughtRun & { readonly kind: 'run' })
  | {
      readonly kind: 'begin'
      readonly answer: number
      readonly model: string
      readonly request: AnswerRequest
    }
  | { readonly kind: 'cancel'; readonly answer: number }

export type FromWorker =
  | (WantedRun & { readonly kind: 'run-wanted' })
  | { readonly kind: 'loaded'; readonly model: string; readonly facts: LoadedFacts }
  | { readonly kind: 'load-failed'; readonly model: string; readonly error: CarriedError }
  /** Unloaded for another's sake. */
  | { readonly kind: 'evicted'; readonly model: string }
  | { readonly kind: 'text'; readonly answer: number; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly answer: number; readonly ending: AnswerEnding }
  | { readonly kind: 'failed'; readonly answer: number; readonly error: CarriedError }

/** `room`: memory of the thread for the chunks to be copied into; it moves to and fro. */
export type WantedRun = ChunkRun & {
  readonly call: number
  readonly model: string
  readonly room: ArrayBuffer
}

/** The room with the chunks in it, checked, or why there are none. */
export type BroughtRun =
  | { readonly call: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly call: number; readonly error: CarriedError }

export type LoadedFacts = {
  readonly memoryBytes: number
  readonly context: number
  /** SHA-256 of the kernels, base64url. */
  readonly kernel: string
}

export type AnswerEnding = {
  readonly finish: Finish
  readonly promptTokens: number
  readonly tokens: number
  readonly gasUsed: number
  /** Canonical bytes. */
  readonly receipt: Uint8Array
}

/** An error that crossed the border of the thread. */
export type CarriedError = {
  readonly code: string
  readonly kind: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

export type WorkerSettings = {
  readonly memoryBytesMax: number
  readonly contextTokensMax: number
  readonly answersMax: number
}
