import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Signer } from '@heddle/protocol/item'
import type { AnswerRequest } from '../answer/answer.ts'
import { inferenceClosed, inferenceOptionInvalid } from '../errors.ts'
import { type Catalog, createCatalog, type KnownModel } from '../models/catalog.ts'
import { sha256Hash } from '../models/open.ts'
import type { KeptItems } from '../ports.ts'
import { createReceiptKeeper, type ReceiptKeeper } from '../receipts/keep.ts'
import type { AnswerEnding, LoadedFacts } from '../worker/protocol.ts'
import { type AnswerStream, createAnswerStream } from './answer-stream.ts'
import { createFairQueue } from './fair-queue.ts'
import { type ServiceOptions, serviceOptions } from './options.ts'
import { InferenceThread } from './thread.ts'

export type ServiceDependencies = {
  readonly items: KeptItems
  /** Signs receipts. */
  readonly signer: Signer
  readonly engine: CryptoEngine
}

export type Caller = { readonly name: string; readonly signal?: AbortSignal | undefined }

/** Bytes of the answer as they become certain; the return value is its ending, receipt and all. */
export type Answering = AsyncGenerator<Uint8Array, AnswerEnding, undefined>

export type InferenceService = {
  readonly catalog: Catalog
  readonly receipts: ReceiptKeeper
  readonly options: ServiceOptions
  /** Loads a model, for whoever wants to know its context before asking. */
  facts(model: KnownModel): Promise<LoadedFacts>
  /**
   * Answers a question. Nothing happens before the first `next()`; `return()`, or the caller's signal, ends it
   * at the next token. Throws what is wrong with the question, `inference-busy`, `model-too-large`…
   */
  answer(model: KnownModel, request: AnswerRequest, caller: Caller): Answering
  /** The same, all at once. */
  answerWhole(
    model: KnownModel,
    request: AnswerRequest,
    caller: Caller,
  ): Promise<{ readonly bytes: Uint8Array; readonly ending: AnswerEnding }>
  close(): Promise<void>
}

/** Loads that are tried again where the model was evicted between load and answer. */
const attemptsMax = 3

/** Starts the service; its thread starts with the first question. */
export function createInferenceService(
  { items, signer, engine }: ServiceDependencies,
  given: Partial<ServiceOptions> = {},
): InferenceService {
  const options = serviceOptions(given)
  const catalog = createCatalog(items, sha256Hash(engine.sha256))
  const queue = createFairQueue({ ...options, runningMax: options.answersMax })
  const { memoryBytesMax, contextTokensMax, answersMax } = options
  const settings = { memoryBytesMax, contextTokensMax, answersMax }
  let thread: InferenceThread | undefined

  let isClosed = false
  const liveThread = (): InferenceThread => {
    if (isClosed) throw inferenceClosed()
    thread ??= new InferenceThread(
      options.workerUrl,
      settings,
      (model, index) => catalog.chunk(model, index),
      () => {
        thread = undefined
      },
    )
    return thread
  }
  const facts = async (model: KnownModel) =>
    liveThread().load(model.id, () => catalog.load(model.id))

  async function* answer(model: KnownModel, request: AnswerRequest, caller: Caller): Answering {
    checkBudget(request, options)
    const leave = await queue.enter(caller.name, caller.signal)
    let stream: AnswerStream | undefined
    try {
      for (let attempt = 1; ; attempt++) {
        await facts(model)
        caller.signal?.throwIfAborted()
        stream = createAnswerStream(caller.signal, leave)
        stream.onCancel(liveThread().begin(model.id, request, stream.listener))
        const isRetried = yield* stream.bytes(attempt < attemptsMax)
        if (isRetried !== 'again') return isRetried
      }
    } finally {
      stream?.cancel()
      leave()
    }
  }

  return {
    catalog,
    receipts: createReceiptKeeper(items, signer, engine),
    options,
    facts,
    answer,
    answerWhole: async (model, request, caller) => {
      const parts: Uint8Array[] = []
      const answering = answer(model, request, caller)
      for (;;) {
        const next = await answering.next()
        if (next.done) return { bytes: Buffer.concat(parts), ending: next.value }
        parts.push(next.value)
      }
    },
    close: async () => {
      isClosed = true
      queue.close()
      await thread?.close()
    },
  }
}

function checkBudget({ tokensMax }: AnswerRequest, options: ServiceOptions): void {
  if (Number.isInteger(tokensMax) && tokensMax >= 1 && tokensMax <= options.tokensMax) return
  throw inferenceOptionInvalid(
    `${tokensMax} tokens are asked for, from 1 to ${options.tokensMax} are given at once`,
  )
}
