import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { readLlama2c, readLlama2cTokenizer, readReferenceModel } from '@heddle/protocol/model'
import { type Receipt, readReceipt } from '@heddle/protocol/receipt'
import { expect, it } from 'vitest'
import { layOut } from '../apps/explorer/src/provenance-layout.ts'
import { type ReplayEvent, replayReceipt } from '../apps/explorer/src/replay/reference-replay.ts'
import { smallTokenizer } from '../packages/node/src/inference/testing/kept-model.testing.ts'
import { tinyCheckpoint } from '../packages/node/src/inference/testing/receipt-vectors.ts'

const vectors = new URL('../spec/vectors/receipts.json', import.meta.url)
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())

type Case = { readonly name: string; readonly receipt: string }
const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as { readonly cases: readonly Case[] }

function receiptOf(name: string): Receipt {
  const text = cases.find((one) => one.name === name)?.receipt ?? ''
  return readReceipt(encodeText(text), sha256)
}

/** What the page's replay says of a receipt of the vectors' model. */
function replay(receipt: Receipt, claimed = receipt): readonly ReplayEvent[] {
  const layout = readLlama2c(tinyCheckpoint, tinyCheckpoint.length)
  const tokenizer = readLlama2cTokenizer(smallTokenizer(layout.shape.vocab), layout.shape.vocab)
  const group = receipt.precision === 'f32' ? 0 : receipt.group
  const model = readReferenceModel(layout, tinyCheckpoint, group)
  const { model: root, tokenizer: tokenizerHash } = receipt
  const manifest = { ...receipt, root, tokenizerHash, shape: layout.shape }
  return [...replayReceipt(claimed, manifest, { model, tokenizer }, sha256)]
}

it.each(['greedy-f32', 'greedy-int8', 'drawn-f32'])('replays %s, made by the engine', (name) => {
  const receipt = receiptOf(name)
  const events = replay(receipt)
  const steps = events.filter((event) => event.kind === 'step')
  expect(steps).toHaveLength(receipt.tokens.length)
  expect(new Set(steps.map(({ verdict }) => verdict))).toEqual(new Set(['right']))
  const told = `${receipt.finish} after ${receipt.gasUsed} gas`
  expect(events.at(-1)).toEqual({ kind: 'end', claimed: told, actual: told })
})

it('finds a changed token, other logits, another end, a wrong price and a cut', () => {
  const honest = receiptOf('greedy-int8')
  const token = replay(honest, { ...honest, tokens: honest.tokens.with(5, 1) })
  expect(token.at(-1)).toMatchObject({ kind: 'step', step: 5, verdict: 'token' })
  const links = honest.links.slice()
  links[9 * 32] = (links[9 * 32] ?? 0) ^ 1
  const logits = replay(honest, { ...honest, links })
  expect(logits.at(-1)).toMatchObject({ kind: 'step', step: 9, verdict: 'logits' })
  const lies: Partial<Receipt>[] = [
    { finish: 'end' },
    { gasUsed: honest.gasUsed - 1 },
    { tokens: honest.tokens.slice(0, 8), links: honest.links.slice(0, 8 * 32) },
  ]
  for (const lie of lies) {
    const last = replay(honest, { ...honest, ...lie }).at(-1)
    expect(last?.kind).toBe('end')
    expect(last?.kind === 'end' && last.claimed === last.actual).toBe(false)
  }
  const other = { ...honest, model: encodeBase64Url(new Uint8Array(32)) }
  expect(() => replay(honest, other)).toThrow(/model/)
})

const id = (name: string) => name.padEnd(43, '0')

function lineage(links: readonly (readonly [child: string, ground: string])[]) {
  const names = [...new Set(links.flat())]
  return {
    id: id(names[0] ?? ''),
    items: names.map((name) => ({ id: id(name), state: 'verified' as const })),
    links: links.map(([child, ground]) => ({
      child: id(child),
      ground: id(ground),
      relation: 'derived',
      state: 'verified' as const,
    })),
    cut: false,
  }
}

it('draws grounds left of what came of them, and lines around boxes', () => {
  const given = lineage([
    ['decision', 'answer'],
    ['answer', 'model'],
    ['model', 'data'],
    ['decision', 'data'],
    ['transfer', 'decision'],
  ])
  const { items, links, columns } = layOut(given)
  const columnOf = (name: string) => items.find((item) => item.id === id(name))?.column
  expect(columns).toBe(5)
  expect(['data', 'model', 'answer', 'decision', 'transfer'].map(columnOf)).toEqual([0, 1, 2, 3, 4])
  const long = links.find(({ child, ground }) => child === id('decision') && ground === id('data'))
  expect(long?.path.map(({ column }) => column)).toEqual([0, 1, 2, 3])
  for (const { column, row } of long?.path.slice(1, -1) ?? []) {
    const box = items.find((item) => item.column === column)
    expect(Math.abs(row - (box?.row ?? row))).toBeGreaterThan(0.5)
  }
})

it('draws a ring and a lone item too', () => {
  const ring = layOut(
    lineage([
      ['a', 'b'],
      ['b', 'a'],
    ] as const),
  )
  expect(ring.items).toHaveLength(2)
  const lone = {
    id: id('a'),
    items: [{ id: id('a'), state: 'missing' as const }],
    links: [],
    cut: false,
  }
  expect(layOut(lone)).toMatchObject({ columns: 1, rows: 1 })
})
