import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import {
  newReferenceCache,
  readLlama2c,
  readLlama2cTokenizer,
  readReferenceModel,
  referenceForward,
} from '@heddle/protocol/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { loadEngine } from './engine.ts'
import { openGguf } from './load/gguf.ts'
import { bytesSource, fileSource } from './load/source.ts'
import type { InferenceOptions } from './options.ts'
import {
  type FileFormat,
  type FileValue,
  ggufFile,
  plainVocabulary,
} from './testing/gguf-file.testing.ts'
import { openCheckpoint, testPorts } from './testing/open.ts'
import { seededCheckpoint } from './testing/seeded-model.testing.ts'
import { readStories } from './testing/stories.ts'

const shape = {
  ...{ dim: 64, hidden: 96, layers: 2, heads: 4, kvHeads: 2, vocab: 300, context: 48 },
  tied: false,
}
const checkpoint = seededCheckpoint(shape, 11)
const layout = readLlama2c(checkpoint, checkpoint.length)
const words = plainVocabulary(shape.vocab)

function build(format: FileFormat, values: Record<string, FileValue> = {}): Uint8Array {
  return ggufFile(checkpoint, layout, format, { ...words, ...values })
}

/** The formats with blocks of 256 weights need rows of whole blocks. */
const wideShape = {
  ...{ dim: 256, hidden: 256, layers: 1, heads: 4, kvHeads: 2, vocab: 300, context: 16 },
  tied: true,
}

function buildWide(format: FileFormat): Uint8Array {
  const wide = seededCheckpoint(wideShape, 12)
  return ggufFile(wide, readLlama2c(wide, wide.length), format, words)
}

async function open(bytes: Uint8Array, options: Partial<InferenceOptions> = {}) {
  const source = bytesSource(bytes)
  const opened = await openGguf(source)
  return { ...opened, engine: await loadEngine({ ...opened, source }, testPorts(), options) }
}

const tokens = [1, 299, 4, 4, 260, 77]

describe('a GGUF file', () => {
  it('gives the logits of the checkpoint it was written from', async () => {
    for (const precision of ['f32', 'int8'] as const) {
      const { engine } = await open(build('f32'), { precision })
      const original = (await openCheckpoint(checkpoint, { precision })).engine.begin()
      const session = engine.begin()
      session.feed(tokens)
      original.feed(tokens)
      expect(session.logits()).toEqual(original.logits())
    }
  })

  const formats = ['f16', 'q8_0', 'q4_0', 'q4_k', 'q6_k'] as const
  for (const format of formats) {
    const isWide = format === 'q4_k' || format === 'q6_k'
    for (const group of isWide ? [0, 32] : [0, 32, 64]) {
      it(`of ${format} gives the bits of the scalar reference, group ${group}`, async () => {
        const bytes = isWide ? buildWide(format) : build(format)
        const options = group === 0 ? ({ precision: 'f32' } as const) : { group }
        const opened = await open(bytes, options)
        const model = readReferenceModel(opened.layout, bytes, group)
        const cache = newReferenceCache(opened.layout.shape)
        const session = opened.engine.begin()
        const some = isWide ? tokens.slice(0, 2) : tokens
        session.feed(some)
        let logits = new Float32Array(0)
        for (const token of some) logits = new Float32Array(referenceForward(model, cache, token))
        expect(session.logits()).toEqual(logits)
      })
    }
  }

  it('of q4_0 is what its blocks say, in f32 and taken over into int8', async () => {
    // A block by hand: scale 0.5, then bytes 0x10, 0x32, … : nibbles 0, 2, 4 … and 1, 3, 5 ….
    const block = new Uint8Array(18)
    block.set([0x00, 0x38])
    for (let i = 0; i < 16; i++) block[2 + i] = ((2 * i + 1) % 16) * 16 + ((2 * i) % 16)
    const bytes = build('q4_0')
    const { layout: found } = await openGguf(bytesSource(bytes))
    bytes.set(block, found.embedding.offset)
    const weights = Array.from({ length: 32 }, (_, i) => {
      const nibble = i < 16 ? (2 * i) % 16 : (2 * (i - 16) + 1) % 16
      return (nibble - 8) * 0.5
    })
    for (const group of [0, 32]) {
      const { embedding } = readReferenceModel(found, bytes, group)
      const { weights: read } = embedding
      const first =
        'scales' in read
          ? Array.from(read.values.subarray(0, 32), (whole) => whole * (read.scales[0] ?? 0))
          : Array.from(read.subarray(0, 32))
      expect(first).toEqual(weights)
    }
  })

  it('with rows that are no whole blocks is refused', async () => {
    const odd = { ...wideShape, dim: 64, hidden: 96 }
    const narrow = seededCheckpoint(odd, 13)
    const q4k = ggufFile(narrow, readLlama2c(narrow, narrow.length), 'q6_k', words)
    await expect(open(q4k)).rejects.toThrow('no whole blocks of 256')
  })

  it('with scales that are no numbers is refused', async () => {
    const bytes = build('q8_0')
    const { layout: found } = await openGguf(bytesSource(bytes))
    new DataView(bytes.buffer).setUint16(found.embedding.offset + 34 * 4, 0x7c00, true)
    await expect(open(bytes)).rejects.toThrow('weight 128 of tensor token_embd.weight')
    await expect(open(bytes, { precision: 'f32' })).rejects.toThrow('token_embd.weight')
  })

  const refused: [string, Record<string, FileValue>, string][] = [
    ['another architecture', { 'general.architecture': { text: 'gemma' } }, 'model-unsupported'],
    ['scaled positions', { 'llama.rope.scaling.type': { text: 'yarn' } }, 'model-unsupported'],
    ['experts', { 'llama.expert_count': { u32: 8 } }, 'model-unsupported'],
    ['another size', { 'llama.feed_forward_length': { u32: 128 } }, 'tensor-invalid'],
    ['more layers', { 'llama.block_count': { u32: 3 } }, 'tensor-invalid'],
    ['no heads', { 'llama.attention.head_count': { u32: 0 } }, 'model-invalid'],
    ['a text for a number', { 'llama.context_length': { text: '48' } }, 'model-invalid'],
    ['another tokenizer', { 'tokenizer.ggml.model': { text: 'bert' } }, 'model-unsupported'],
    ['missing scores', { 'tokenizer.ggml.scores': { f32s: [0] } }, 'tokenizer-invalid'],
    ['an end beyond', { 'tokenizer.ggml.eos_token_id': { u32: 300 } }, 'tokenizer-invalid'],
    ['a strange alignment', { 'general.alignment': { u32: 3 } }, 'model-invalid'],
  ]
  for (const [name, values, code] of refused) {
    it(`with ${name} is refused: ${code}`, async () => {
      await expect(open(build('f32', values))).rejects.toEqual(expect.objectContaining({ code }))
    })
  }

  it('cut off anywhere, or with any byte of its header changed, loads or is refused', async () => {
    const bytes = build('f32')
    const headerBytes = (await openGguf(bytesSource(bytes))).layout.embedding.offset
    const attempt = async (changed: Uint8Array): Promise<void> => {
      try {
        const { engine } = await open(changed, { memoryBytesMax: 2 ** 26 })
        engine.begin().feed([1])
      } catch (error) {
        if (!isHeddleError(error)) throw error
      }
    }
    const cut = fc.integer({ min: 0, max: headerBytes })
    const change = fc.tuple(fc.integer({ min: 0, max: headerBytes - 1 }), fc.integer({ max: 255 }))
    await fc.assert(
      fc.asyncProperty(cut, fc.array(change, { minLength: 1, maxLength: 3 }), async (end, all) => {
        await expect(openGguf(bytesSource(bytes.slice(0, end)))).rejects.toSatisfy(isHeddleError)
        const changed = bytes.slice()
        for (const [at, value] of all) changed[at] = value
        await attempt(changed)
      }),
      { numRuns: 150 },
    )
  })

  it('is read from a disk, with a header of megabytes', async () => {
    const large = { ...shape, dim: 16, hidden: 16, vocab: 100_000, layers: 1, heads: 2, tied: true }
    const bytes = seededCheckpoint(large, 12)
    const file = ggufFile(bytes, readLlama2c(bytes, bytes.length), 'f16', plainVocabulary(100_000))
    const folder = mkdtempSync(join(tmpdir(), 'heddle-gguf-'))
    const path = join(folder, 'model.gguf')
    writeFileSync(path, file)
    const opened = await createRuntime().disk.open(path)
    try {
      const source = await fileSource(opened)
      const found = await openGguf(source)
      expect(found.layout.embedding.offset).toBeGreaterThan(2 ** 20)
      expect(found.tokenizer.vocab).toBe(100_000)
      let taken = 0
      const onBytes = (count: number) => {
        taken = count
      }
      const engine = await loadEngine({ ...found, source, onBytes }, testPorts())
      const matching = await open(file)
      const [one, two] = [engine.begin(), matching.engine.begin()]
      one.feed([99_999, 5])
      two.feed([99_999, 5])
      expect(one.logits()).toEqual(two.logits())
      expect(taken).toBeGreaterThan(100_000 * 16 * 2)
    } finally {
      await opened.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('that announces more than it has is refused before room is made for it', async () => {
    const bytes = build('f32')
    new DataView(bytes.buffer).setBigUint64(8, 2n ** 60n, true)
    await expect(openGguf(bytesSource(bytes))).rejects.toThrow('number of tensors')
    const list = Buffer.concat([
      ...[Buffer.from('GGUF'), Buffer.from([3, 0, 0, 0]), Buffer.alloc(8)],
      ...[Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0x61])],
      ...[Buffer.from([9, 0, 0, 0, 12, 0, 0, 0]), Buffer.from([0, 0, 0x10, 0, 0, 0, 0, 0])],
    ])
    await expect(openGguf(bytesSource(list))).rejects.toThrow('cut off')
  })
})

const stories = readStories()

describe.skipIf(typeof stories === 'string')('stories260K as GGUF', () => {
  it('has the tokens and the story of the checkpoint', async () => {
    if (typeof stories === 'string') return
    const small = readLlama2c(stories.checkpoint, stories.checkpoint.length)
    const original = readLlama2cTokenizer(stories.tokenizer, 512)
    const view = new DataView(stories.tokenizer.buffer)
    const pieces: string[] = []
    const scores: number[] = []
    for (let at = 4; at < stories.tokenizer.length; ) {
      const length = view.getInt32(at + 4, true)
      scores.push(view.getFloat32(at, true))
      const piece = Buffer.from(stories.tokenizer.subarray(at + 8, at + 8 + length)).toString()
      pieces.push(piece.replaceAll(' ', '\u2581'))
      at += 8 + length
    }
    const values: Record<string, FileValue> = {
      ...plainVocabulary(512),
      'tokenizer.ggml.tokens': { texts: pieces },
      'tokenizer.ggml.scores': { f32s: scores },
      'tokenizer.ggml.token_type': { i32s: pieces.map((_, i) => (i < 3 ? 3 : i < 259 ? 6 : 1)) },
    }
    const bytes = ggufFile(stories.checkpoint, small, 'f32', values)
    const { engine, tokenizer } = await open(bytes, { precision: 'f32' })
    const prompt = 'One day, Tom and Zoë went'
    expect(tokenizer.encode(prompt)).toEqual(original.encode(prompt))
    const session = engine.begin({ tokensMax: 40 })
    session.feed([1])
    while (!session.isFinished) session.step()
    const text = session.tokens.map((token, i) => tokenizer.bytesOf(token, session.tokens[i - 1]))
    expect(Buffer.concat(text).toString()).toMatch(
      /^Once upon a time, there was a little girl named/,
    )
  })
})
