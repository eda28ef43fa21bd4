import {
  type ModelLayout,
  type ModelShape,
  type Tokenizer,
  tokenizerMismatch,
} from '@heddle/protocol/model'
import { kernelName, readKernelModule, startKernels } from './kernel/kernels.ts'
import { loadWeights } from './load/weights.ts'
import { planMemory } from './memory/plan.ts'
import { writeRecords } from './memory/records.ts'
import { type InferenceOptions, inferenceOptions } from './options.ts'
import type { InferencePorts, WeightSource } from './ports.ts'
import { createSessionPool } from './session/pool.ts'
import type { Session, SessionOptions } from './session/session.ts'

/** A loaded model: its weights once, and caches for some sessions. */
export type Engine = {
  readonly shape: ModelShape
  readonly tokenizer: Tokenizer
  /** Positions a session has. */
  readonly context: number
  readonly memoryBytes: number
  /** Names the kernels' arithmetic: see `kernelName`. */
  readonly kernelHash: Uint8Array
  /**
   * Starts an answer. Throws `sessions-exhausted`, `sampling-invalid` or `inference-option-
   * invalid`.
   */
  begin(options?: Partial<SessionOptions>): Session
}

export type ModelInput = {
  readonly layout: ModelLayout
  readonly source: WeightSource
  readonly tokenizer: Tokenizer
  /** Hears how many bytes of weights have been taken. */
  readonly onBytes?: (bytes: number) => void
}

/**
 * Loads a model: one memory, allocated once after all sizes are checked, and the weights checked on
 * their way in. Throws `model-too-large`, `weight-invalid`, `tokenizer-mismatch` or what the source
 * throws.
 */
export async function loadEngine(
  input: ModelInput,
  ports: InferencePorts,
  given: Partial<InferenceOptions> = {},
): Promise<Engine> {
  const options = inferenceOptions(given)
  const { layout, source, tokenizer } = input
  const { shape } = layout
  if (tokenizer.vocab !== shape.vocab) throw tokenizerMismatch(tokenizer.vocab, shape.vocab)
  const plan = planMemory(layout, options)
  const module = await readKernelModule(ports.disk)
  const pages = plan.totalBytes / 65_536
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const kernels = await startKernels(module, memory)
  writeRecords(plan, memory)
  await loadWeights({ plan, kernels, memory, source }, layout, input.onBytes ?? (() => {}))
  const { sha256 } = ports.crypto
  const begin = createSessionPool({ plan, kernels, memory, tokenizer, sha256 }, options)
  return {
    shape,
    tokenizer,
    context: plan.context,
    memoryBytes: plan.totalBytes,
    kernelHash: kernelName(sha256(module)),
    begin,
  }
}
