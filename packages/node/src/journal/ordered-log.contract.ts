import { encodeText, isHeddleError } from '@heddle/protocol/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OrderedLog } from './ports.ts'

/** A store under test, made empty for each test. */
export type LogStore = {
  readonly log: OrderedLog
  /**
   * A handle for a rival writer of the same store. Where a driver allows one handle at a time, this
   * is that same handle.
   */
  rival(): Promise<OrderedLog>
  /** Closes every handle and opens the store again. */
  reopen(): Promise<OrderedLog>
  /** Closes every handle and removes the store. */
  remove(): Promise<void>
}

const text = (...words: string[]): Uint8Array[] => words.map(encodeText)
const bodies = async (log: OrderedLog, name: string): Promise<string[]> =>
  (await log.read(name, 0, 1_000_000)).map((record) => Buffer.from(record.bytes).toString())
const code = (expected: string) => expect.objectContaining({ code: expected })

/** What every driver of `OrderedLog` keeps, whatever it stores in. Each round of the race is a commit or more. */
export function orderedLogContract(
  driver: string,
  raceRounds: number,
  make: () => Promise<LogStore>,
): void {
  describe(`OrderedLog: ${driver}`, () => {
    let store: LogStore
    let log: OrderedLog
    beforeEach(async () => {
      store = await make()
      log = store.log
    })
    afterEach(async () => {
      await store.remove()
    })

    describe('appending and reading', () => describeAppends(() => log))
    describe('reopening', () => describeReopening(() => store))
    describe('racing writers', () => describeRaces(() => store, raceRounds))
    describe('epochs', () => describeEpochs(() => store))
  })
}

function describeAppends(get: () => OrderedLog): void {
  it('keeps records in order from slot 0', async () => {
    const log = get()
    expect(log.head('a')).toBe(0)
    expect([...log.logs()]).toEqual([])
    await log.append('a', 0, 0, text('x'))
    await log.append('a', 1, 0, text('y', 'z'))
    expect(log.head('a')).toBe(3)
    expect(await log.read('a', 0, 10)).toEqual([
      { slot: 0, epoch: 0, bytes: encodeText('x') },
      { slot: 1, epoch: 0, bytes: encodeText('y') },
      { slot: 2, epoch: 0, bytes: encodeText('z') },
    ])
  })

  it('refuses every slot but the next', async () => {
    const log = get()
    await log.append('a', 0, 0, text('x'))
    await expect(log.append('a', 0, 0, text('again'))).rejects.toEqual(code('slot-taken'))
    await expect(log.append('a', 2, 0, text('gap'))).rejects.toEqual(code('slot-taken'))
    await expect(log.append('b', 1, 0, text('gap'))).rejects.toEqual(code('slot-taken'))
    for (const slot of [-1, 0.5, Number.NaN]) {
      await expect(log.append('a', slot, 0, text('odd'))).rejects.toEqual(code('slot-invalid'))
      await expect(log.read('a', slot, 1)).rejects.toEqual(code('slot-invalid'))
    }
    expect(await bodies(log, 'a')).toEqual(['x'])
    expect([...log.logs()]).toEqual(['a'])
  })

  it('reads parts, and nothing beyond the head', async () => {
    const log = get()
    await log.append('a', 0, 0, text('0', '1', '2', '3'))
    expect((await log.read('a', 1, 2)).map((record) => record.slot)).toEqual([1, 2])
    expect(await log.read('a', 4, 1)).toEqual([])
    expect(await log.read('a', 0, 0)).toEqual([])
    expect(await log.read('unknown', 0, 9)).toEqual([])
  })

  it('hands out copies and takes copies', async () => {
    const log = get()
    const given = encodeText('given')
    const done = log.append('a', 0, 0, [given, encodeText('other')])
    given.fill(0)
    await done
    const [first, second] = await log.read('a', 0, 2)
    first?.bytes.fill(0)
    expect(first?.bytes.buffer).not.toBe(second?.bytes.buffer)
    expect(await bodies(log, 'a')).toEqual(['given', 'other'])
  })

  it('takes pipelined appends, visible once durable', async () => {
    const log = get()
    const appends: Promise<void>[] = []
    for (let slot = 0; slot < 300; slot++) appends.push(log.append('a', slot, 0, text(`${slot}`)))
    expect(log.head('a')).toBe(0)
    await appends[299]
    await Promise.all(appends)
    expect(log.head('a')).toBe(300)
    expect(await bodies(log, 'a')).toEqual(Array.from({ length: 300 }, (_, slot) => `${slot}`))
  })

  it('keeps many logs apart, listed in order of first appearance', async () => {
    const log = get()
    const names = ['b', 'a', 'ü', 'x'.repeat(43)]
    for (let slot = 0; slot < 5; slot++) {
      await Promise.all(names.map((name) => log.append(name, slot, 0, text(`${name}${slot}`))))
    }
    expect([...log.logs()]).toEqual(names)
    for (const name of names) {
      expect(await bodies(log, name)).toEqual([0, 1, 2, 3, 4].map((slot) => `${name}${slot}`))
    }
  })

  it('keeps empty and large records', async () => {
    const log = get()
    const large = new Uint8Array(3_000_000).map((_, i) => i * 7)
    await log.append('a', 0, 0, [new Uint8Array(0), large, new Uint8Array(0)])
    const records = await log.read('a', 0, 3)
    expect(records.map((record) => record.bytes.length)).toEqual([0, large.length, 0])
    expect(Buffer.compare(records[1]?.bytes ?? new Uint8Array(0), large)).toBe(0)
  })

  it('appends nothing where there is nothing', async () => {
    const log = get()
    await log.append('a', 0, 0, [])
    expect(log.head('a')).toBe(0)
    expect([...log.logs()]).toEqual([])
    await expect(log.append('a', 1, 0, [])).rejects.toEqual(code('slot-taken'))
  })

  it('refuses names and records outside its limits', async () => {
    const log = get()
    for (const name of ['', 'n'.repeat(256), 'half \ud800 pair']) {
      await expect(log.append(name, 0, 0, text('x'))).rejects.toEqual(code('log-name-invalid'))
    }
    const over = new Uint8Array(16 * 1024 * 1024 + 1)
    await expect(log.append('a', 0, 0, [over])).rejects.toEqual(code('record-too-large'))
    expect([...log.logs()]).toEqual([])
    await log.append('a', 0, 0, text('x'))
  })
}

function describeReopening(get: () => LogStore): void {
  it('has everything again', async () => {
    const { log } = get()
    for (let slot = 0; slot < 20; slot++) await log.append('a', slot, 0, text(`a${slot}`))
    await log.append('b', 0, 0, text('b0', 'b1'))
    const again = await get().reopen()
    expect([...again.logs()]).toEqual(['a', 'b'])
    expect(again.head('a')).toBe(20)
    expect(await bodies(again, 'b')).toEqual(['b0', 'b1'])
    await again.append('a', 20, 0, text('more'))
    const third = await get().reopen()
    expect((await third.read('a', 19, 5)).map((r) => Buffer.from(r.bytes).toString())).toEqual([
      'a19',
      'more',
    ])
  })

  it('settles what was accepted before close, and refuses what comes after', async () => {
    const { log } = get()
    const accepted = [0, 1, 2].map((slot) => log.append('a', slot, 0, text(`${slot}`)))
    const closed = log.close()
    await Promise.all(accepted)
    await closed
    await expect(log.append('a', 3, 0, text('x'))).rejects.toEqual(code('journal-closed'))
    await expect(log.read('a', 0, 1)).rejects.toEqual(code('journal-closed'))
    await expect(log.claim()).rejects.toEqual(code('journal-closed'))
    expect((await get().reopen()).head('a')).toBe(3)
  })
}

/** Appends in the name of one writer; tells whether this writer got the slot. */
async function race(log: OrderedLog, slot: number, epoch: number, writer: number) {
  try {
    await log.append('raced', slot, epoch, [new Uint8Array([writer]), new Uint8Array([writer])])
    return true
  } catch (error) {
    if (isHeddleError(error, 'slot-taken')) return false
    throw error
  }
}

function describeRaces(get: () => LogStore, rounds: number): void {
  it(`lets exactly one of four writers win each slot, in ${rounds} rounds`, async () => {
    const { log } = get()
    const rivals = [log, await get().rival(), await get().rival(), await get().rival()]
    const epoch = await log.claim()
    const winners: number[] = []
    for (let round = 0; round < rounds; round++) {
      // Each round another writer calls first; every other round they start in different ticks.
      const runs = rivals.map(async (rival, i) => {
        if (round % 2 === 1) for (let tick = (i + round) % 4; tick > 0; tick--) await undefined
        return await race(rival, round * 2, epoch, i)
      })
      const won = await Promise.all(runs)
      expect(won.filter(Boolean).length, `winners of round ${round}`).toBe(1)
      winners.push(won.indexOf(true))
    }
    const again = await get().reopen()
    const records = await again.read('raced', 0, 10_000)
    expect(records.map((record) => record.bytes[0])).toEqual(winners.flatMap((w) => [w, w]))
    expect(records.map((record) => record.slot)).toEqual(records.map((_, slot) => slot))
  })

  it('loses a race without harm to others who append', async () => {
    const { log } = get()
    const done = [
      log.append('a', 0, 0, text('a0')),
      log.append('a', 0, 0, text('lost')).catch(() => 'refused'),
      log.append('a', 1, 0, text('a1')),
      log.append('b', 0, 0, text('b0')),
    ]
    expect(await Promise.all(done)).toEqual([undefined, 'refused', undefined, undefined])
    expect(await bodies(log, 'a')).toEqual(['a0', 'a1'])
  })
}

function describeEpochs(get: () => LogStore): void {
  it('fences every lower epoch, also after reopening', async () => {
    const { log } = get()
    await log.append('a', 0, 0, text('before'))
    expect(await log.claim()).toBe(1)
    await expect(log.append('a', 1, 0, text('old'))).rejects.toEqual(code('epoch-stale'))
    await log.append('a', 1, 1, text('first'))
    expect(await (await get().rival()).claim()).toBe(2)
    await expect(log.append('a', 2, 1, text('old'))).rejects.toEqual(code('epoch-stale'))
    const again = await get().reopen()
    await expect(again.append('a', 2, 1, text('old'))).rejects.toEqual(code('epoch-stale'))
    await again.append('a', 2, 2, text('second'))
    expect((await again.read('a', 0, 9)).map((record) => record.epoch)).toEqual([0, 1, 2])
    expect(await again.claim()).toBe(3)
  })

  it('refuses an epoch nobody claimed', async () => {
    const { log } = get()
    await expect(log.append('a', 0, 1, text('x'))).rejects.toEqual(code('epoch-unclaimed'))
    await expect(log.append('a', 0, Number.NaN, text('x'))).rejects.toEqual(code('epoch-unclaimed'))
    expect(log.head('a')).toBe(0)
  })

  it('puts nothing of a lower epoch behind a claim', async () => {
    const { log } = get()
    const before = log.append('a', 0, 0, text('before'))
    const claim = log.claim()
    const after = log.append('a', 1, 0, text('after'))
    await expect(after).rejects.toEqual(code('epoch-stale'))
    await before
    expect(await claim).toBe(1)
    expect(await bodies(log, 'a')).toEqual(['before'])
  })

  it('gives rival claims different epochs', async () => {
    const { log } = get()
    const rival = await get().rival()
    const epochs = await Promise.all([log.claim(), rival.claim(), log.claim()])
    expect([...epochs].sort()).toEqual([1, 2, 3])
    const newest = Math.max(...epochs)
    await rival.append('a', 0, newest, text('x'))
    await expect(log.append('a', 1, newest - 1, text('y'))).rejects.toEqual(code('epoch-stale'))
  })
}
