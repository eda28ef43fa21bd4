import { isHeddleError } from '@heddle/protocol/base'
import {
  type GgufHeader,
  ggufLimits,
  type ModelLayout,
  readGguf,
  readGgufModel,
  readGgufTokenizer,
  type Tokenizer,
} from '@heddle/protocol/model'
import type { WeightSource } from '../ports.ts'

/** Bytes of the file read at first; headers with large vocabularies take more. */
const firstBytes = 2 ** 20

async function readHeader(source: WeightSource): Promise<GgufHeader> {
  const most = Math.min(source.sizeBytes, ggufLimits.headerBytes)
  for (let length = Math.min(firstBytes, most); ; length = Math.min(length * 4, most)) {
    const bytes = new Uint8Array(length)
    await source.read(bytes, 0)
    try {
      return readGguf(bytes, source.sizeBytes)
    } catch (error) {
      if (length === most || !isHeddleError(error, 'model-header-incomplete')) throw error
    }
  }
}

/**
 * Reads what a GGUF file is: its layout and its tokenizer. At most `ggufLimits.headerBytes` are
 * read. Throws `model-invalid`, `model-unsupported`, `model-truncated`, `tensor-invalid`,
 * `tokenizer-invalid`.
 */
export async function openGguf(
  source: WeightSource,
): Promise<{ readonly layout: ModelLayout; readonly tokenizer: Tokenizer }> {
  const header = await readHeader(source)
  return { layout: readGgufModel(header, source.sizeBytes), tokenizer: readGgufTokenizer(header) }
}
