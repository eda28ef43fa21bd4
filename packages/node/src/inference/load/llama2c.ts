import { llama2cHeaderBytes, type ModelLayout, readLlama2c } from '@heddle/protocol/model'
import type { WeightSource } from '../ports.ts'

/** The layout of a llama2.c checkpoint. Throws `model-invalid` or `model-truncated`. */
export async function openLlama2c(source: WeightSource): Promise<ModelLayout> {
  const header = new Uint8Array(Math.min(llama2cHeaderBytes, source.sizeBytes))
  await source.read(header, 0)
  return readLlama2c(header, source.sizeBytes)
}
