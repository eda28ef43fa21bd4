import { encodeText } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import type { JournalOptions } from '../options.ts'
import { openJournal } from './open.ts'
import { CrashDisk, type Operation } from './testing/crash-disk.ts'

const { random } = createRuntime()
const folder = '/j'
const path = '/j/00000001.segment'
const record = (bytes: number) => [new Uint8Array(bytes).fill(7)]
const open = (disk: CrashDisk, options: Partial<JournalOptions> = {}) =>
  openJournal(folder, { disk, random }, options)

/** Fails the next `times` operations of a kind. */
function failNext(disk: CrashDisk, failing: Operation, times: number, code: string): void {
  let left = times
  disk.fault = (operation) => (operation === failing && left-- > 0 ? { code } : undefined)
}

/** What a node finds after its power is cut now, with nothing unsynced kept, or all of it. */
async function afterPowerCut(disk: CrashDisk, keepsAll: boolean) {
  return await open(disk.powerCut(() => (keepsAll ? 0.999999 : 0)))
}

describe('a full disk', () => {
  it('refuses, leaves nothing behind, and takes appends again once there is space', async () => {
    const disk = new CrashDisk()
    const log = await open(disk)
    await log.append('a', 0, 0, record(100))
    const durable = disk.bytes(path).slice()
    for (const space of [0, 1, 31, 32, 33, 44]) {
      disk.capacityBytes = durable.length + space
      await expect(log.append('a', 1, 0, record(1000))).rejects.toMatchObject({
        code: 'disk-full',
        kind: 'unavailable',
      })
      await expect(log.append('new', 0, 0, record(1000))).rejects.toMatchObject({
        code: 'disk-full',
      })
      await expect(log.claim()).rejects.toMatchObject({ code: 'disk-full' })
      expect(disk.bytes(path)).toEqual(durable)
      expect(log.head('a')).toBe(1)
      expect([...log.logs()]).toEqual(['a'])
    }
    disk.capacityBytes = durable.length + 500
    await log.append('small', 0, 0, record(1))
    disk.capacityBytes = Number.POSITIVE_INFINITY
    await log.append('a', 1, 0, record(1000))
    expect(await log.claim()).toBe(1)
    await log.close()
    const again = await open(disk)
    expect([...again.logs()]).toEqual(['a', 'small'])
    expect(again.head('a')).toBe(2)
  })

  it('drops what waits behind a failed append of the same log', async () => {
    const disk = new CrashDisk()
    const log = await open(disk, { groupBytes: 1 })
    failNext(disk, 'write', 1, 'ENOSPC')
    const appends = [0, 1, 2].map((slot) => log.append('a', slot, 0, record(10)))
    const settled = await Promise.allSettled(appends)
    expect(settled.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected'])
    await log.append('a', 0, 0, record(10))
    expect(log.head('a')).toBe(1)
  })

  it('at roll-over is survived at every step of it', async () => {
    for (const step of ['open', 'truncate', 'write', 'sync', 'syncFolder'] as const) {
      const disk = new CrashDisk()
      const log = await open(disk, { segmentBytes: 200 })
      await log.append('a', 0, 0, record(100))
      failNext(disk, step, 1, 'EDQUOT')
      await expect(log.append('a', 1, 0, record(100)), step).rejects.toMatchObject({
        code: 'disk-full',
      })
      // Would still fit the first segment, which must stay closed now.
      await log.append('b', 0, 0, record(1))
      await log.append('a', 1, 0, record(1))
      const again = await afterPowerCut(disk, false)
      expect([again.head('a'), again.head('b')], step).toEqual([2, 1])
    }
  })

  it('at opening is told as such', async () => {
    const disk = new CrashDisk()
    disk.capacityBytes = 10
    await expect(open(disk)).rejects.toMatchObject({ code: 'disk-full' })
    disk.capacityBytes = Number.POSITIVE_INFINITY
    expect([...(await open(disk)).logs()]).toEqual([])
  })
})

describe('a failing sync', () => {
  it('refuses the append, which never appears, not even after a power cut', async () => {
    for (const keepsAll of [false, true]) {
      const disk = new CrashDisk()
      const log = await open(disk)
      await log.append('a', 0, 0, [encodeText('kept')])
      failNext(disk, 'sync', 1, 'EIO')
      const failed = log.append('a', 1, 0, [encodeText('never')])
      await expect(failed).rejects.toMatchObject({ code: 'disk-failed', kind: 'unavailable' })
      expect(log.head('a')).toBe(1)
      const again = await afterPowerCut(disk, keepsAll)
      expect(again.head('a')).toBe(1)
    }
  })

  it('is not taken for success by asking again: what follows is durable', async () => {
    const disk = new CrashDisk()
    const log = await open(disk)
    failNext(disk, 'sync', 1, 'EIO')
    await expect(log.append('a', 0, 0, record(3000))).rejects.toMatchObject({ code: 'disk-failed' })
    await log.append('a', 0, 0, [encodeText('0')])
    await log.append('a', 1, 0, [encodeText('1')])
    const again = await afterPowerCut(disk, false)
    expect((await again.read('a', 0, 9)).map((r) => r.bytes)).toEqual(['0', '1'].map(encodeText))
  })

  it('refuses every append until the disk is whole again', async () => {
    for (const operation of ['sync', 'truncate', 'open'] as const) {
      const disk = new CrashDisk()
      const log = await open(disk)
      await log.append('a', 0, 0, record(10))
      disk.fault = (op) => (op === 'sync' || op === operation ? { code: 'EIO' } : undefined)
      for (let i = 0; i < 3; i++) {
        await expect(log.append('a', 1, 0, record(10))).rejects.toMatchObject({
          code: 'disk-failed',
        })
      }
      disk.fault = () => undefined
      await log.append('a', 1, 0, record(10))
      const again = await afterPowerCut(disk, false)
      expect(again.head('a'), operation).toBe(2)
    }
  })

  it('after which its last durable group no longer reads back stops the writer', async () => {
    const disk = new CrashDisk()
    const log = await open(disk)
    await log.append('a', 0, 0, record(100))
    failNext(disk, 'sync', 2, 'EIO')
    await expect(log.append('a', 1, 0, record(10))).rejects.toMatchObject({ code: 'disk-failed' })
    disk.bytes(path).fill(0, 100, 110)
    for (let i = 0; i < 2; i++) {
      await expect(log.append('a', 1, 0, record(10))).rejects.toMatchObject({
        code: 'journal-corrupt',
      })
    }
  })

  it('before a kill does not make the next node trust the page cache', async () => {
    const disk = new CrashDisk()
    const log = await open(disk)
    await log.append('a', 0, 0, record(10))
    disk.fault = (op) => (op === 'sync' || op === 'truncate' ? { code: 'EIO' } : undefined)
    await expect(log.append('a', 1, 0, record(10))).rejects.toMatchObject({ code: 'disk-failed' })
    // The process dies; the system lives on with clean pages that are not on the platter.
    disk.fault = () => undefined
    const second = await open(disk)
    const head = second.head('a')
    const third = await afterPowerCut(disk, false)
    expect(third.head('a')).toBe(head)
  })
})

describe('limits', () => {
  it('refuses more than may wait for the disk, and takes it later', async () => {
    const disk = new CrashDisk()
    const options = { pendingBytes: 10_000, appendBytes: 10_000, recordBytes: 9_000 }
    const log = await open(disk, options)
    const first = log.append('a', 0, 0, record(6_000))
    const second = log.append('b', 0, 0, record(6_000))
    await expect(second).rejects.toMatchObject({ code: 'journal-busy', kind: 'exhausted' })
    await first
    await log.append('b', 0, 0, record(6_000))
    expect([...log.logs()]).toEqual(['a', 'b'])
  })

  it('refuses one append that is too large as a whole', async () => {
    const log = await open(new CrashDisk(), { appendBytes: 10_000, recordBytes: 10_000 })
    const many = Array.from({ length: 11 }, () => new Uint8Array(1000))
    await expect(log.append('a', 0, 0, many)).rejects.toMatchObject({ code: 'append-too-large' })
    await log.append('a', 0, 0, record(10_000))
    expect(log.head('a')).toBe(1)
  })

  it('stops a read at its bytes, but always gives one record', async () => {
    const log = await open(new CrashDisk(), { readBytes: 250 })
    const records = Array.from({ length: 7 }, (_, i) => new Uint8Array(i === 5 ? 900 : 100))
    await log.append('a', 0, 0, records)
    const lengths = async (from: number) => (await log.read('a', from, 99)).map((r) => r.slot)
    expect(await lengths(0)).toEqual([0, 1])
    expect(await lengths(4)).toEqual([4])
    expect(await lengths(5)).toEqual([5])
    expect(await lengths(6)).toEqual([6])
  })

  it('refuses options that contradict each other', async () => {
    const bad: Partial<JournalOptions>[] = [
      { recordBytes: 2, appendBytes: 1 },
      { appendBytes: 2 ** 30 },
      { segmentBytes: 2 ** 32 },
      { groupBytes: 0 },
      { readBytes: 1.5 },
      { nameBytes: 65_536 },
      { pendingBytes: 2 ** 31 },
    ]
    for (const options of bad) {
      await expect(open(new CrashDisk(), options)).rejects.toMatchObject({
        code: 'journal-options-invalid',
      })
    }
  })
})
