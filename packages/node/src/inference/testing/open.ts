import type { ModelLayout, Tokenizer } from '@heddle/protocol/model'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { type Engine, loadEngine } from '../engine.ts'
import { openLlama2c } from '../load/llama2c.ts'
import { bytesSource } from '../load/source.ts'
import type { InferenceOptions } from '../options.ts'
import type { InferencePorts } from '../ports.ts'
import { seededTokenizer } from './seeded-model.testing.ts'

/** Real ports for tests and benches. */
export function testPorts(): InferencePorts {
  return { disk: createRuntime().disk, crypto: nodeCrypto }
}

export type OpenedModel = { readonly engine: Engine; readonly layout: ModelLayout }

/** Loads a checkpoint from memory; without a tokenizer it speaks in numbers. */
export async function openCheckpoint(
  bytes: Uint8Array,
  options: Partial<InferenceOptions> = {},
  tokenizer?: Tokenizer,
): Promise<OpenedModel> {
  const source = bytesSource(bytes)
  const layout = await openLlama2c(source)
  const used = tokenizer ?? seededTokenizer(layout.shape.vocab)
  const engine = await loadEngine({ layout, source, tokenizer: used }, testPorts(), options)
  return { engine, layout }
}
