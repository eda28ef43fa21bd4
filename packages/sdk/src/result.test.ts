import { describe, expect, it } from 'vitest'
import { emptyResult } from './fake-node.testing.ts'
import { readResult } from './result.ts'

describe('the output of', () => {
  it.each([
    ['a js actor', { data: '2', prompt: 'actor@heddle[Inbox:0]> ' }, '2'],
    ['a js actor that printed', { data: 'a\nb', prompt: '> ', print: true }, 'a\nb'],
    ['aos', { data: { output: '3', json: 'undefined', prompt: 'aos> ' } }, '3'],
    ['aos that printed', { data: 'hello', prompt: 'aos> ', print: true }, 'hello'],
    ['a module that writes text', 'plain', 'plain'],
    ['a module that writes a number', 7, '7'],
    ['a module with an object of its own', { balance: 1 }, '{"balance":1}'],
    ['a module that writes a list', [1, 2], '[1,2]'],
    ['a module that says nothing', {}, ''],
    ['a module that writes null', null, ''],
    ['a unit that leaves it out', undefined, ''],
  ])('%s is its text', (_what, Output, text) => {
    expect(readResult({ ...emptyResult, Output }).output).toBe(text)
  })
})

describe('a result', () => {
  it('has its messages ready to read', () => {
    const Tags = [
      { name: 'Action', value: 'Credit-Notice' },
      { name: 'X', value: '1' },
      { name: 'X', value: '2' },
      { name: '__proto__', value: 'own' },
    ]
    const raw = { ...emptyResult, Messages: [{ Target: 'them', Anchor: '', Tags, Data: 'hi' }] }
    const [message] = readResult(raw).messages
    expect(message).toMatchObject({ target: 'them', action: 'Credit-Notice', data: 'hi' })
    expect(message?.tags.X).toBe('2')
    expect(Object.hasOwn(message?.tags ?? {}, '__proto__')).toBe(true)
    expect(message?.tagList).toEqual(Tags)
  })

  it('keeps the error, the gas and the node’s own shape', () => {
    const raw = { ...emptyResult, Error: 'no', GasUsed: 5 }
    expect(readResult(raw)).toMatchObject({ error: 'no', gasUsed: 5, raw })
    expect(readResult(emptyResult).error).toBeUndefined()
  })

  it.each([[{}], [{ Messages: {}, Spawns: null }], [{ Messages: [null, 7] }]])(
    'of %j is empty, as other units write it',
    (raw) => {
      const read = readResult(raw)
      expect([read.messages, read.spawns, read.error, read.gasUsed]).toEqual([[], [], undefined, 0])
    },
  )

  it('takes messages with fields of other types', () => {
    const raw = { Messages: [{ Target: 7, Tags: {}, Data: { a: 1 } }, {}], Error: { why: 'no' } }
    const { messages, error } = readResult(raw)
    expect(messages[0]).toMatchObject({ target: '7', data: '{"a":1}', tagList: [] })
    expect(messages[1]).toMatchObject({ target: '', data: '', action: undefined })
    expect(error).toBe('{"why":"no"}')
  })
})
