import { beforeEach, describe, expect, it } from 'vitest'
import { readArrival } from '../arrival.ts'
import { readAuthorities } from './environment.ts'
import { inbox, keepInInbox } from './inbox.ts'
import { inspect } from './inspect.ts'
import { type Given, kindOf } from './kind.ts'
import { compileMatcher, type Matcher } from './match.ts'
import { Message } from './message.ts'
import { drawSeedsFrom, random, startRandom } from './random.ts'
import { describeError, print, record, startRecord } from './record.ts'
import { type Tag, tagTable } from './wire.ts'

type Tags = Readonly<Record<string, string>> | readonly Tag[]

/** As the host states it. */
function message(tags: Tags, { data = 'data' }: { readonly data?: string } = {}): Message {
  const list = Array.isArray(tags)
    ? tags
    : Object.entries(tags).map(([name, value]) => ({ name, value }))
  const fields = { Id: 'id', From: 'alice', Owner: 'alice', Target: 'me', Data: data, Tags: list }
  const environment = { digest: 0, processId: 'me', checks: 0 }
  const [, kind, ...rest] = readArrival(JSON.stringify(fields), environment)
  return new Message([kindOf(String(kind)), ...rest] as Given)
}

beforeEach(startRecord)

describe('inspect', () => {
  it.each([
    ['text', '"text"'],
    [-0, '-0'],
    [12n, '12n'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [[1, [2]], '[1, [2]]'],
    [{ a: 1, 'b-c': { d: [] } }, '{ a: 1, "b-c": { d: [] } }'],
    [{}, '{}'],
    [new Map([['k', new Set([1])]]), 'Map(1) { "k" => Set(1) { 1 } }'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'Invalid Date'],
    [/x/g, '/x/g'],
    [new RangeError('far'), 'RangeError: far'],
    [Uint8Array.of(1, 2), 'Uint8Array(2) [1, 2]'],
    [class A {}, '[class A]'],
    [Math.max, '[function max]'],
    [Object.create(null), '{}'],
    [{ a: { b: { c: { d: { e: 1 } } } } }, '{ a: { b: { c: { d: {…} } } } }'],
  ])('shows %o', (value, shown) => {
    expect(inspect(value)).toBe(shown)
  })

  it('never runs code of the value, never ends up in a circle, never fills the memory', () => {
    const circle: Record<string, unknown> = { name: 'x' }
    circle.self = circle
    expect(inspect(circle)).toBe('{ name: "x", self: [circular] }')
    const trap = Object.defineProperty({}, 'a', { enumerable: true, get: () => expect.fail() })
    expect(inspect(trap)).toBe('{ a: [getter] }')
    const rude = new Proxy({}, { ownKeys: () => expect.fail() })
    expect(inspect(rude)).toBe('[object that refuses to be read]')
    expect(inspect(Array(1_000_000).fill(0)).length).toBeLessThan(1_000)
    expect(inspect('x'.repeat(1_000_000)).length).toBeLessThan(11_000)
  })

  it('breaks long values into lines', () => {
    const long = { first: 'x'.repeat(40), second: { third: 'y'.repeat(40) } }
    expect(inspect(long)).toBe(
      `{\n  first: "${'x'.repeat(40)}",\n  second: { third: "${'y'.repeat(40)}" }\n}`,
    )
  })
})

describe('matchers', () => {
  const transfer = message({ Action: 'Transfer', Quantity: '5', From: 'tag' })
  const matching: Matcher[] = [
    'Transfer',
    (msg) => msg.data === 'data',
    { action: 'Transfer', from: 'alice' },
    { Quantity: true },
    { Quantity: 5 },
    { Quantity: /^\d+$/ },
    { Quantity: (value) => Number(value) > 4 },
    { action: ['Mint', 'Transfer'] },
    { tags: { Quantity: '5' } },
    { From: 'tag', Owner: 'alice' },
    { cron: false, Missing: false },
    {},
  ]
  const others: Matcher[] = [
    'transfer',
    () => false,
    { action: 'Transfer', from: 'bob' },
    { Quantity: false },
    { Missing: true },
    { Missing: /./ },
    { Quantity: [] },
    { tags: { Missing: 'x' } },
    { constructor: true },
    { cron: true },
  ]
  it.each(matching)('%o matches', (matcher) => {
    expect(compileMatcher(matcher)(transfer)).toBe(true)
  })
  it.each(others)('%o does not', (matcher) => {
    expect(compileMatcher(matcher)(transfer)).toBe(false)
  })
})

describe('chance', () => {
  const draw = (seed: string) => {
    drawSeedsFrom(() => seed)
    startRandom()
    return Array.from({ length: 10_000 }, random)
  }

  it('is the same for one seed, another for another, and even over [0, 1)', () => {
    const numbers = draw('seed')
    expect(draw('seed')).toEqual(numbers)
    expect(draw('seee')).not.toEqual(numbers)
    expect(new Set(numbers).size).toBe(10_000)
    const tenths = Array(10).fill(0)
    for (const number of numbers) tenths[Math.floor(number * 10)] += 1
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  it('has its first numbers frozen: they are part of results', () => {
    expect(draw('frozen').slice(0, 2)).toEqual([0.9650306451708003, 0.5214125313254336])
  })
})

describe('the inbox', () => {
  beforeEach(() => {
    inbox.length = 0
  })

  it('keeps the newest thousand', () => {
    for (let i = 0; i < 1_100; i++) keepInInbox(message({ N: String(i) }))
    expect(inbox).toHaveLength(1_000)
    expect(inbox[0]?.tags.N).toBe('100')
  })

  it('keeps a million characters, and notices what the actor took out', () => {
    for (let i = 0; i < 5; i++) keepInInbox(message({}, { data: 'x'.repeat(300_000) }))
    expect(inbox).toHaveLength(3)
    inbox.splice(0, 3)
    for (let i = 0; i < 3; i++) keepInInbox(message({}, { data: 'x'.repeat(300_000) }))
    expect(inbox).toHaveLength(3)
    keepInInbox(message({}, { data: 'x'.repeat(2_000_000) }))
    expect(inbox).toHaveLength(3)
  })
})

describe('messages', () => {
  it('reads the first of repeated tags and no inherited ones', () => {
    const table = tagTable([
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
      { name: '__proto__', value: 'x' },
    ])
    expect([table.A, Reflect.get(table, '__proto__'), table.constructor]).toEqual([
      '1',
      'x',
      undefined,
    ])
  })

  it.each([
    [[]],
    [['Action', 'A', 'Action', 'B', 'Action', 'C']],
    [['action', 'small', 'Quantity', '5', 'Quantity', '6', 'Type', 'Message']],
    [['a\u0000b', 'c', '', '', 'Variant', '\u0000\u0001', 'd', '\u0000']],
    [['__proto__', 'x', 'constructor', 'y', 'SDK', '', 'toString', 'z']],
    [['Long', 'x'.repeat(2_000), 'y'.repeat(2_000), '1', 'Type', 'z'.repeat(2_000)]],
  ])('has the tags that came, %#', (texts) => {
    const tags = texts.flatMap((name, i) =>
      i % 2 === 0 ? [{ name, value: texts[i + 1] ?? '' }] : [],
    )
    const stated = message(tags)
    expect(stated.tagList).toEqual(tags)
    expect(stated.tags).toEqual(tagTable(tags))
    expect(Object.getPrototypeOf(stated.tags)).toBe(null)
    expect(stated.action).toBe(stated.tags.Action ?? stated.tags.action)
    expect(message(tags).toJSON()).toEqual(stated.toJSON())
  })

  it('knows kinds apart however many there are', () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100; i++) {
        expect(message({ Action: `A${i}`, [`T${i}`]: 'v' }).toJSON()).toMatchObject({
          action: `A${i}`,
          tags: { Action: `A${i}`, [`T${i}`]: 'v' },
        })
      }
    }
  })

  it('is shown with its fields, which are no properties of its own', () => {
    expect(inspect(message({ Action: 'A' }))).toMatch(
      /^Message \{\n {2}id: "id",\n {2}from: "alice"/,
    )
    expect(JSON.parse(JSON.stringify(message({ Action: 'A' })))).toMatchObject({ action: 'A' })
    expect(inspect(Object.create(Message.prototype))).toBe('[object that refuses to be read]')
  })

  it('answers with the reference of whoever asked', () => {
    message({ Reference: '3', 'X-Reference': '9' }).reply()
    message({ Reference: '3', 'X-Reference': '9', 'Reply-To': 'carol' }).reply()
    message({}).reply({ data: 'd' })
    expect(record.result.slice(4)).toEqual([
      [0, 'alice', 1, '', 'X-Reference', '3'],
      [0, 'carol', 2, '', 'X-Reference', '9'],
      [0, 'alice', 3, 'd'],
    ])
  })

  it('reads JSON data, or says which message holds none', () => {
    expect(message({}, { data: '{"a":1}' }).json()).toEqual({ a: 1 })
    expect(() => message({}).json()).toThrow('the data of message id is not JSON')
  })
})

describe('records', () => {
  it('cuts endless output', () => {
    for (let i = 0; i < 100; i++) print('x'.repeat(3_000))
    expect(record.lines.join('\n').length).toBeLessThan(101_000)
    expect(record.lines.at(-1)).toMatch(/output cut/)
  })

  it('describes whatever was thrown, with its cause', () => {
    const error = new Error('outer', { cause: new TypeError('inner') })
    error.stack = '    at f (actor.js:1:2)\n    at main (./main.ts:3:4)\n    at map (native)\n'
    expect(describeError(error)).toMatch(
      /^Error: outer\n {4}at f \(actor\.js:1:2\)\ncaused by TypeError: inner/,
    )
    expect(describeError('text')).toBe('thrown: "text"')
  })

  it('reads authorities, else the scheduler', () => {
    const tags = [
      { name: 'Scheduler', value: 's' },
      { name: 'Authority', value: 'a, b' },
      { name: 'Authority', value: 'c' },
    ]
    expect(readAuthorities(tags)).toEqual(['a', 'b', 'c'])
    expect(readAuthorities(tags.slice(0, 1))).toEqual(['s'])
    expect(readAuthorities([])).toEqual([])
  })
})
