import { decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem } from '@heddle/protocol/item'
import { greedy, readLlama2cTokenizer } from '@heddle/protocol/model'
import { readReceipt } from '@heddle/protocol/receipt'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { receiptOfDigest } from '../receipts/keep.ts'
import { verifyReceipt } from '../receipts/verify.ts'
import { tinyShape } from '../testing/chains.ts'
import {
  keepModel,
  memoryItems,
  smallTokenizer,
  testSigner,
} from '../testing/kept-model.testing.ts'
import { seededCheckpoint } from '../testing/seeded-model.testing.ts'
import { createInferenceService } from './service.ts'

// More than one chunk, so that one of them can be wrong.
const shape = { ...tinyShape, dim: 96, hidden: 200, layers: 2 }
const checkpoint = seededCheckpoint(shape, 3)
const tokenizer = smallTokenizer(shape.vocab)
const me = { name: 'me' }

function question(more: object = {}) {
  return { prompt: ['AbcD'], sampling: greedy, stops: [], tokensMax: 12, ...more }
}

/** Room for one of the models at a time, and one answer. */
const options = { memoryBytesMax: 8 * 2 ** 20, answersMax: 1, contextTokensMax: 64 }

function open() {
  const items = memoryItems()
  const deps = { items, signer: testSigner, engine: nodeCrypto }
  const service = createInferenceService(deps, options)
  const keep = (name: string, change = {}) =>
    keepModel(items, { name, checkpoint, tokenizer, change })
  const ask = async (name: string, more: object = {}) =>
    service.answerWhole(await service.catalog.find(name), question(more), me)
  return { items, service, deps, keep, ask }
}

describe('the inference service', () => {
  const { items, service, deps, keep, ask } = open()
  afterAll(() => service.close())

  it('answers to a name or an id, streams, and keeps a receipt that replays', async () => {
    const { id } = await keep('noise')
    await keep('noise', { licence: 'another of the same name' })
    const model = await service.catalog.find('noise')
    expect(model.id).toBe(id)
    const parts: Uint8Array[] = []
    const answering = service.answer(model, question(), me)
    let next = await answering.next()
    for (; !next.done; next = await answering.next()) parts.push(next.value)
    const { bytes, ending } = await service.answerWhole(model, question(), me)
    expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes))
    expect(ending).toEqual(next.value)
    const receipt = readReceipt(ending.receipt, nodeCrypto.sha256)
    expect(receipt).toMatchObject({ model: model.manifest.root, finish: ending.finish })
    const kept = await service.receipts.keep(ending.receipt, id)
    const report = await verifyReceipt(deps, service, kept, me)
    expect(report.comparison).toEqual({ verdict: 'same' })
    const altered = ending.receipt.slice()
    const at = decodeText(altered).indexOf('"gasUsed":') + 10
    altered[at] = altered[at] === 0x39 ? 0x38 : 0x39
    const wrong = await service.receipts.keep(altered, id)
    const { comparison } = await verifyReceipt(deps, service, wrong, me)
    expect(comparison).toMatchObject({ verdict: 'end' })
    const precise = decodeText(ending.receipt).replace('"precision":"f32"', '"precision":"int8"')
    const lie = await service.receipts.keep(encodeText(precise), id)
    await expect(verifyReceipt(deps, service, lie, me)).rejects.toMatchObject({
      code: 'receipt-precision-mismatch',
    })
  })

  it('finds a receipt by its digest, whatever others put into tags', async () => {
    const { id } = await keep('digests')
    const digestOf = (data: Uint8Array) => encodeBase64Url(nodeCrypto.sha256(data))
    const { ending } = await ask(id, { prompt: ['dcbA'] })
    const digest = digestOf(ending.receipt)
    const tags = [
      { name: 'Type', value: 'Receipt' },
      { name: 'Receipt-Digest', value: digest },
    ]
    await items.keep(
      await createItem({ data: encodeText('of another'), tags }, testSigner, nodeCrypto),
    )
    expect(await receiptOfDigest(items, digest, nodeCrypto.sha256)).toBe(undefined)
    const kept = await service.receipts.keep(ending.receipt, id)
    expect((await receiptOfDigest(items, digest, nodeCrypto.sha256))?.id).toBe(kept)
  })

  it('refuses damaged weights, another tokenizer, and manifests that lie, each by name', async () => {
    const { id, manifest } = await keep('damaged')
    const second = manifest.chunks[1] ?? ''
    const chunk = items.all.get(second)
    if (chunk === undefined) throw new Error('the model has two chunks')
    const data = chunk.data.slice()
    data[1000] = (data[1000] ?? 0) ^ 1
    items.all.set(second, { ...chunk, data })
    await expect(ask(id)).rejects.toMatchObject({ code: 'chunk-damaged', details: { index: 1 } })
    items.all.delete(second)
    await expect(ask(id)).rejects.toMatchObject({ code: 'model-part-missing' })
    items.all.set(second, chunk)
    expect((await ask(id)).ending.tokens).toBeGreaterThan(0)

    const other = { ...items.all.get(manifest.tokenizerItem ?? ''), data: smallTokenizer(62) }
    items.all.set('x'.repeat(43), other as never)
    await keep('other-tokenizer', { tokenizerItem: 'x'.repeat(43) })
    await expect(ask('other-tokenizer')).rejects.toMatchObject({ code: 'tokenizer-hash-mismatch' })
    await keep('other-shape', { shape: { ...manifest.shape, layers: 1 } })
    await expect(ask('other-shape')).rejects.toMatchObject({ code: 'manifest-mismatch' })
    const lie = await keep('lie', { root: 'A'.repeat(43) })
    await expect(ask(lie.id)).rejects.toMatchObject({ code: 'model-root-mismatch' })
    await expect(ask('lie')).rejects.toMatchObject({ code: 'unknown-model' })
  })

  it('says what does not fit: the model, the prompt, the answer', async () => {
    const large = seededCheckpoint({ ...shape, hidden: 6000 }, 3)
    await keepModel(items, { name: 'large', checkpoint: large, tokenizer })
    await expect(ask('large')).rejects.toMatchObject({ code: 'model-too-large' })
    const long = { prompt: ['A'.repeat(200)] }
    await expect(ask('noise', long)).rejects.toMatchObject({ code: 'context-exceeded' })
    // Far too long is told from the length: nobody waits until it is cut into tokens.
    const { tokenBytesMax } = readLlama2cTokenizer(tokenizer, shape.vocab)
    const details = { wanted: Math.ceil(2 ** 20 / tokenBytesMax) }
    const huge = ask('noise', { prompt: ['A'.repeat(2 ** 20)] })
    await expect(huge).rejects.toMatchObject({ code: 'context-exceeded', details })
    await expect(ask('noise', { tokensMax: 1e6 })).rejects.toThrow('1000000 tokens are asked for')
    await expect(ask('noise', { gasLimit: 3 })).rejects.toMatchObject({ code: 'gas-exhausted' })
    const stops = ask('noise', { stops: [''] })
    await expect(stops).rejects.toMatchObject({ code: 'inference-option-invalid' })
  })

  it('finds a model by its name among many, and lists none with all its chunks', async () => {
    const claim = { name: 'Name', value: 'sought' }
    const tags = [
      ...[claim, { name: 'Type', value: 'Model' }],
      { name: 'Data-Protocol', value: 'Heddle' },
    ]
    for (const text of ['no manifest', '{}']) {
      await items.keep(await createItem({ data: encodeText(text), tags }, testSigner, nodeCrypto))
    }
    const { id } = await keep('sought')
    await keep('sought', { licence: 'later' })
    expect((await service.catalog.find('sought')).id).toBe(id)
    const listed = (await service.catalog.list()).find((model) => model.id === id)
    expect(listed?.manifest).not.toHaveProperty('chunks')
    await expect(ask('s'.repeat(65))).rejects.toMatchObject({ code: 'unknown-model' })
  })

  it('unloads a model that is idle where another needs its room', async () => {
    await keep('one')
    await keep('two', { precision: 'int8' })
    const answers = []
    for (const name of ['one', 'two', 'one', 'two']) {
      answers.push(decodeText((await ask(name)).bytes))
    }
    expect(answers.slice(2)).toEqual(answers.slice(0, 2))
  })

  it('stops for a caller who left, and gives the place to the next', async () => {
    const model = await service.catalog.find('noise')
    const gone = new AbortController()
    const first = service.answer(model, question({ tokensMax: 2000 }), {
      ...me,
      signal: gone.signal,
    })
    await first.next()
    const waiting = service.answerWhole(model, question(), { name: 'other' })
    gone.abort(new Error('gone'))
    expect((await waiting).ending.tokens).toBe(12)
    await expect(first.next().then(() => first.next())).rejects.toThrow('gone')
    const left = service.answer(model, question(), me)
    await left.next()
    await left.return(undefined as never)
    expect((await ask('noise')).ending.tokens).toBe(12)
  })

  it('ends what is under way when it closes', async () => {
    const closing = open()
    await closing.keep('noise')
    const refused = expect(closing.ask('noise')).rejects.toMatchObject({ code: 'inference-closed' })
    await closing.service.close()
    await refused
    await expect(closing.ask('noise')).rejects.toMatchObject({ code: 'inference-closed' })
  })
})
