import type { SlotEvent } from '@heddle/protocol/api'
import { decodeText } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { Feed } from './feed.ts'
import { explorerLimits } from './options.ts'

const { timer } = createRuntime()

function event(processId: string, slot: number): SlotEvent {
  return { kind: 'scheduled', processId, slot, atMs: 1000 + slot }
}

/** Reads texts of a feed until one of them has all the words. */
async function readUntil(feed: AsyncIterable<Uint8Array>, ...words: string[]): Promise<string> {
  let text = ''
  for await (const bytes of feed) {
    text += decodeText(bytes)
    if (words.every((word) => text.includes(word))) return text
  }
  return text
}

describe('feed', () => {
  it('sends events in batches to who reads, and those of one process to who asked for it', async () => {
    const feed = new Feed(timer)
    const ending = new AbortController()
    const all = readUntil(feed.read(undefined, ending.signal), '"slot":2')
    const one = readUntil(feed.read('b', ending.signal), '"slot":1')
    await expect.poll(() => feed.readers).toBe(2)
    feed.add(event('a', 0))
    feed.add(event('b', 1))
    feed.add(event('a', 2))
    expect((await all).match(/event: slots/g)).toHaveLength(1)
    expect(await one).not.toContain('"processId":"a"')
    expect(feed.readers).toBe(0)
    expect(feed.recent()).toHaveLength(3)
    feed.close()
  })

  it('counts what does not fit into a batch', async () => {
    const feed = new Feed(timer)
    const text = readUntil(feed.read(undefined, new AbortController().signal), 'skipped')
    await expect.poll(() => feed.readers).toBe(1)
    for (let slot = 0; slot < explorerLimits.batchEventsMax + 5; slot++) feed.add(event('a', slot))
    expect(await text).toContain('"skipped":5')
    feed.close()
  })

  it('tells at once, and forgets the oldest news of a reader that does not come', async () => {
    const feed = new Feed(timer)
    const reader = feed.read(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    await reader.next()
    for (let count = 0; count < 20; count++) feed.tell('sample', { count })
    const { value } = await reader.next()
    const text = decodeText(value ?? new Uint8Array())
    expect(text).toContain('"count":19')
    expect(text).not.toContain('"count":3}')
    await reader.return?.()
    expect(feed.readers).toBe(0)
    feed.close()
  })

  it('ends with its reader and with the room', async () => {
    const feed = new Feed(timer)
    const leaving = new AbortController()
    const first = readUntil(feed.read(undefined, leaving.signal), 'never')
    const second = readUntil(feed.read(undefined, new AbortController().signal), 'never')
    await expect.poll(() => feed.readers).toBe(2)
    leaving.abort()
    await first
    expect(feed.readers).toBe(1)
    feed.close()
    await second
    expect(feed.readers).toBe(0)
  })

  it('refuses more readers than it bears', async () => {
    const feed = new Feed(timer)
    const { signal } = new AbortController()
    const readers = Array.from({ length: explorerLimits.readersMax }, () =>
      feed.read(undefined, signal)[Symbol.asyncIterator](),
    )
    await Promise.all(readers.map((reader) => reader.next()))
    expect(() => feed.read(undefined, signal)).toThrow(/128 feeds are open/)
    await Promise.all(readers.map((reader) => reader.return?.()))
    feed.close()
  })
})
