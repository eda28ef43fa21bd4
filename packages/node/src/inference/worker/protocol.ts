import type { ModelManifest } from '@heddle/protocol/model'
import type { Finish } from '@heddle/protocol/receipt'
import type { AnswerRequest } from '../answer/answer.ts'

/**
 * What the service and its thread say to each other. Models are named by the ids of their items, answers
 * and wanted chunks by numbers.
 */
export type ToWorker =
  | {
      readonly kind: 'load'
      readonly model: string
      readonly manifest: ModelManifest
      readonly tokenizer: Uint8Array | undefined
    }
  | { readonly kind: 'chunks'; readonly chunks: readonly BroughtChunk[] }
  | {
      readonly kind: 'begin'
      readonly answer: number
      readonly model: string
      readonly request: AnswerRequest
    }
  | { readonly kind: 'cancel'; readonly answer: number }

export type FromWorker =
  | { readonly kind: 'chunks-wanted'; readonly wanted: readonly WantedChunk[] }
  | { readonly kind: 'loaded'; readonly model: string; readonly facts: LoadedFacts }
  | { readonly kind: 'load-failed'; readonly model: string; readonly error: CarriedError }
  /** Unloaded for another's sake. */
  | { readonly kind: 'evicted'; readonly model: string }
  | { readonly kind: 'text'; readonly answer: number; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly answer: number; readonly ending: AnswerEnding }
  | { readonly kind: 'failed'; readonly answer: number; readonly error: CarriedError }

/** `room`: memory of the thread for the chunk to be copied into; it moves to and fro. */
export type WantedChunk = {
  readonly call: number
  readonly model: string
  readonly index: number
  readonly room: ArrayBuffer
}

/** The room with the chunk in it, checked, or why there is none. */
export type BroughtChunk =
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
