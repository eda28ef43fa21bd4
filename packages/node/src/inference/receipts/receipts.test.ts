import { readFileSync } from 'node:fs'
import { decodeText, encodeText } from '@heddle/protocol/base'
import { readLlama2c, readReferenceModel } from '@heddle/protocol/model'
import {
  checkVerdict,
  compareReceipts,
  type Receipt,
  readReceipt,
  refereeStep,
  referenceLogits,
  writeReceipt,
} from '@heddle/protocol/receipt'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { answerWhole, replayRequest } from '../answer/answer.ts'
import {
  computeReceiptVectors,
  openTiny,
  receiptOf,
  tinyCheckpoint,
  vectorCases,
} from '../testing/receipt-vectors.ts'

const { sha256 } = nodeCrypto
const vectorsUrl = new URL('../../../../../spec/vectors/receipts.json', import.meta.url)
const [greedyCase, , drawnCase] = vectorCases

/** The receipt with one of its tokens replaced; the links stay those of the honest answer. */
function withToken(receipt: Receipt, step: number, token: number): Receipt {
  return { ...receipt, tokens: receipt.tokens.with(step, token) }
}

/** A receipt whose maker computed other logits from a step on: all links after it differ too. */
function withLinks(receipt: Receipt, step: number): Receipt {
  const links = receipt.links.slice()
  for (let at = step * 32; at < links.length; at++) links[at] = (links[at] ?? 0) ^ 0x55
  return { ...receipt, links }
}

function referee(precision: 'f32' | 'int8') {
  const layout = readLlama2c(tinyCheckpoint, tinyCheckpoint.length)
  const model = readReferenceModel(layout, tinyCheckpoint, precision === 'f32' ? 0 : 32)
  return (receipt: Receipt, step: number) =>
    refereeStep(receipt, step, referenceLogits(model), sha256)
}

describe('receipts', () => {
  it('are the frozen ones', async () => {
    const { cases } = JSON.parse(readFileSync(vectorsUrl, 'utf8'))
    expect(await computeReceiptVectors()).toEqual(cases)
    for (const { receipt } of cases) {
      const bytes = encodeText(receipt)
      expect(decodeText(writeReceipt(readReceipt(bytes, sha256)))).toBe(receipt)
    }
  })

  it('replay to themselves, drawn and stopped ones too', async () => {
    for (const each of vectorCases) {
      const receipt = await receiptOf(each)
      const model = await openTiny(each.precision)
      const replayed = answerWhole(model, replayRequest(receipt), sha256).receipt
      expect(compareReceipts(receipt, replayed, sha256)).toEqual({ verdict: 'same' })
    }
    expect((await receiptOf(drawnCase)).finish).toBe('stop')
  })

  it('with one token changed are wrong at that step, wherever it is', async () => {
    const receipt = await receiptOf(greedyCase)
    const judge = referee('f32')
    const last = receipt.tokens.length - 1
    for (const step of [0, 1, 13, last]) {
      const claimed = withToken(receipt, step, 7)
      const comparison = compareReceipts(claimed, receipt, sha256)
      expect(comparison).toMatchObject({ verdict: 'step', step, claimed: 7 })
      const verdict = judge(claimed, step)
      expect(verdict).toMatchObject({ step, verdict: 'token', token: receipt.tokens[step] })
      expect(() => checkVerdict(verdict, claimed)).toThrow(
        `step ${step} is wrong: it says token 7, its own logits choose ${receipt.tokens[step]}`,
      )
    }
  })

  it('with other logits are wrong where these begin, and right before', async () => {
    const receipt = await receiptOf(vectorCases[1])
    const claimed = withLinks(receipt, 9)
    const judge = referee('int8')
    const comparison = compareReceipts(claimed, receipt, sha256)
    expect(comparison).toMatchObject({ verdict: 'step', step: 9 })
    expect(comparison.verdict === 'step' && comparison.rounds).toBeLessThanOrEqual(5)
    expect(judge(claimed, 8).verdict).toBe('right')
    expect(() => checkVerdict(judge(claimed, 9), claimed)).toThrow(
      'step 9 is wrong: the model gives',
    )
    expect(() => judge(claimed, 24)).toThrow('there is no step 24')
  })

  it('name whoever is right in a quarrel of two', async () => {
    const honest = await receiptOf(drawnCase)
    const liar = withToken(honest, 4, 9)
    const judge = referee('f32')
    const parting = compareReceipts(liar, honest, sha256)
    expect(parting).toMatchObject({ step: 4 })
    expect([judge(liar, 4).verdict, judge(honest, 4).verdict]).toEqual(['token', 'right'])
  })

  it('cut short or of another end are noticed', async () => {
    const receipt = await receiptOf(greedyCase)
    const short = {
      ...receipt,
      tokens: receipt.tokens.slice(0, 9),
      links: receipt.links.slice(0, 288),
    }
    expect(compareReceipts(short, receipt, sha256)).toMatchObject({ step: 9, claimed: undefined })
    const ended: Receipt = { ...receipt, finish: 'end' }
    expect(compareReceipts(ended, receipt, sha256)).toMatchObject({ verdict: 'end' })
  })
})
