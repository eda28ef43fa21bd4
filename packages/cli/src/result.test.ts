import type { ReadResult, SentMessage, Tag } from '@heddle/sdk'
import { summarizeResult } from '@heddle/sdk/console'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerResult, describeCost } from './result.ts'

const raw = { Messages: [], Spawns: [], Assignments: [], Output: '', GasUsed: 0 }
const nothing: ReadResult = {
  messages: [],
  spawns: [],
  output: '',
  error: undefined,
  gasUsed: 0,
  raw,
}

function message(target: string, data: string, tagList: readonly Tag[] = []): SentMessage {
  const tags = Object.fromEntries(tagList.map(({ name, value }) => [name, value]))
  return { target, data, action: tags.Action, tags, tagList }
}

const price = [
  { name: 'Action', value: 'Price' },
  { name: 'Type', value: 'Message' },
  { name: 'Price', value: '42' },
]

let out = ''
let err = ''
beforeEach(() => {
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

function shown(result: Partial<ReadResult>): string {
  out = ''
  const code = answerResult({ ...nothing, ...result }, { json: false, value: 0, reader: 'me' })
  expect(code).toBe(0)
  return out
}

describe('a result for people', () => {
  it('begins with the reply where that is all that was sent', () => {
    const head = 'slot 1'
    const result = { ...nothing, messages: [message('me', '2')], output: 'printed' }
    answerResult(result, { json: false, value: 0, reader: 'me', head, tail: '(1 ms)' })
    expect(out).toBe('slot 1  2  (1 ms)\nprinted\n')
  })

  it('shows a long reply whole, and the tags of one without data', () => {
    const long = `${'x'.repeat(1000)}\ny`
    expect(shown({ messages: [message('me', long)] })).toBe(`${long}\n`)
    expect(shown({ messages: [message('me', ' ', price)] })).toBe('Action=Price  Price=42\n')
    expect(shown({ messages: [message('me', '')] })).toBe('an empty reply\n')
  })

  it('shows what went to others in a line each', () => {
    const messages = [message('me', 'a'), message('them', `b\n${'c'.repeat(300)}`, price)]
    const [first, second] = shown({ messages, output: 'said' }).split('\n').slice(1)
    expect(first).toBe('→ me a')
    expect(second).toMatch(/^→ them Price b c{100,200}…$/)
  })

  it('says done where there is nothing to say, and counts spawns', () => {
    expect(shown({})).toBe('done\n')
    expect(shown({ spawns: [{ Anchor: '', Tags: [] }] })).toBe('spawns 1\n')
  })

  it('shows no control characters of others', () => {
    const evil = 'a\x1b]0;title\x07\x1b[2Jb\x1b[31mc\x00\r\x9bd\te'
    expect(shown({ output: evil })).toMatch(/^[\t\n\P{Cc}]*$/u)
    expect(shown({ output: 'a\tb\nc' })).toBe('a\tb\nc\n')
  })

  it('puts an Error on standard error, named once', () => {
    const failed = (error: string) => {
      err = ''
      expect(answerResult({ ...nothing, error }, { json: false, value: 0, head: 'slot 2' })).toBe(1)
      return err
    }
    expect(failed('refused')).toBe('slot 2  Error: refused\n')
    expect(failed('TypeError: no\n  at x')).toBe('slot 2  TypeError: no\n  at x\n')
    expect(out).toBe('')
  })
})

it('a result for machines is what it was, Error or not', () => {
  const value = { slot: 1 }
  expect(answerResult({ ...nothing, error: 'no' }, { json: true, value })).toBe(1)
  expect([out, err]).toEqual(['{"slot":1}\n', ''])
})

it('in a list is one line', () => {
  expect(summarizeResult({ ...nothing, output: 'a\n  b' })).toBe('a b')
  expect(summarizeResult({ ...nothing, error: 'x'.repeat(500) }).length).toBeLessThan(210)
})

it('costs time, and gas where it is counted', () => {
  expect(describeCost('0.4 ms', { ...nothing, gasUsed: 18_204 })).toBe('(0.4 ms, 18,204 gas)')
  expect(describeCost('0.4 ms', nothing)).toBe('(0.4 ms)')
})
