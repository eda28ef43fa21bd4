import { isHeddleError } from '../../base/index.ts'
import { tokenizerMismatch } from '../errors.ts'
import type { ModelFormat } from '../manifest.ts'
import type { ModelShape } from '../shape.ts'
import { type GgufHeader, ggufLimits, readGguf } from './gguf.ts'
import { readGgufModel } from './gguf-model.ts'
import { readGgufTokenizer } from './gguf-tokenizer.ts'
import { llama2cHeaderBytes, readLlama2c } from './llama2c.ts'
import { readLlama2cTokenizer } from './llama2c-tokenizer.ts'

/** The first bytes of a file; never asked for more than it has. */
export type ReadStart = (lengthBytes: number) => Promise<Uint8Array>

/** Most headers are shorter than this at first; those with large vocabularies take more. */
const firstBytes = 2 ** 20
/** 'GGUF'. */
const ggufMagic = [0x47, 0x47, 0x55, 0x46]

/** Reads as much of a GGUF file as its header takes. Throws what `readGguf` throws. */
export async function readGgufHeader(read: ReadStart, fileBytes: number): Promise<GgufHeader> {
  const most = Math.min(fileBytes, ggufLimits.headerBytes)
  for (let length = Math.min(firstBytes, most); ; length = Math.min(length * 4, most)) {
    try {
      return readGguf(await read(length), fileBytes)
    } catch (error) {
      if (length === most || !isHeddleError(error, 'model-header-incomplete')) throw error
    }
  }
}

/**
 * What a file of weights is, by its first bytes, and whether it can be spoken with: a GGUF file must have a
 * tokenizer of its size, and `tokenizer`, the file beside a llama2.c checkpoint, must be one for it. Throws
 * where the file is neither of ours, `tokenizer-invalid` and `tokenizer-mismatch`.
 */
export async function inspectModelFile(
  read: ReadStart,
  fileBytes: number,
  tokenizer?: Uint8Array,
): Promise<{ readonly format: ModelFormat; readonly shape: ModelShape }> {
  const start = await read(Math.min(llama2cHeaderBytes, fileBytes))
  if (ggufMagic.every((byte, i) => start[i] === byte)) {
    const header = await readGgufHeader(read, fileBytes)
    const { shape } = readGgufModel(header, fileBytes)
    const { vocab } = readGgufTokenizer(header)
    if (vocab !== shape.vocab) throw tokenizerMismatch(vocab, shape.vocab)
    return { format: 'gguf', shape }
  }
  const { shape } = readLlama2c(start, fileBytes)
  if (tokenizer !== undefined) readLlama2cTokenizer(tokenizer, shape.vocab)
  return { format: 'llama2c', shape }
}
