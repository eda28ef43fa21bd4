import {
  type ModelLayout,
  readGgufHeader,
  readGgufModel,
  readGgufTokenizer,
  type Tokenizer,
} from '@heddle/protocol/model'
import type { WeightSource } from '../ports.ts'

/**
 * Reads what a GGUF file is: its layout and its tokenizer. At most `ggufLimits.headerBytes` are
 * read. Throws `model-invalid`, `model-unsupported`, `model-truncated`, `tensor-invalid`,
 * `tokenizer-invalid`.
 */
export async function openGguf(
  source: WeightSource,
): Promise<{ readonly layout: ModelLayout; readonly tokenizer: Tokenizer }> {
  const read = async (length: number) => {
    const bytes = new Uint8Array(length)
    await source.read(bytes, 0)
    return bytes
  }
  const header = await readGgufHeader(read, source.sizeBytes)
  return { layout: readGgufModel(header, source.sizeBytes), tokenizer: readGgufTokenizer(header) }
}
