import { encodeText } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import type { Repair } from '../options.ts'
import { groupHeadBytes, segmentHeadBytes } from './format.ts'
import { frameBytes } from './frame.ts'
import { openJournal } from './open.ts'
import { CrashDisk } from './testing/crash-disk.ts'

const { random } = createRuntime()
const folder = '/j'
const path = '/j/00000001.segment'
const records = (...words: string[]) => words.map(encodeText)
const first = records('first record', 'second record')
const last = records('third record', '', 'a fifth record that is somewhat longer')
const groupBytes = (parts: Uint8Array[]) => groupHeadBytes + frameBytes(1, parts)
const firstEnd = segmentHeadBytes + groupBytes(first)
const lastEnd = firstEnd + groupBytes(last)

/** Bytes of a journal with two groups, as a power cut after both leaves them. */
async function twoGroups(): Promise<Uint8Array> {
  const disk = new CrashDisk()
  const log = await openJournal(folder, { disk, random })
  await log.append('a', 0, 0, first)
  await log.append('a', 2, 0, last)
  const bytes = disk.bytes(path)
  expect(bytes.length).toBe(lastEnd)
  return bytes
}

async function reopen(bytes: Uint8Array) {
  const disk = new CrashDisk(new Map([[path, bytes]]))
  const repairs: Repair[] = []
  const options = { onRepair: (repair: Repair) => repairs.push(repair) }
  const log = await openJournal(folder, { disk, random }, options)
  return { disk, log, repairs }
}

describe('a torn tail', () => {
  it('cut at every byte of the last append loses all of it and nothing else', async () => {
    const bytes = await twoGroups()
    for (let length = firstEnd + 1; length < lastEnd; length++) {
      const { disk, log, repairs } = await reopen(bytes.slice(0, length))
      expect(log.head('a'), `cut at ${length}`).toBe(2)
      expect(repairs).toEqual([{ path, offset: firstEnd, droppedBytes: length - firstEnd }])
      expect(disk.bytes(path).length).toBe(firstEnd)
      await log.append('a', 2, 0, records('instead'))
      await log.close()
      const { log: again, repairs: none } = await reopen(disk.bytes(path))
      expect((await again.read('a', 0, 9)).map((record) => record.bytes)).toEqual([
        ...first,
        encodeText('instead'),
      ])
      expect(none).toEqual([])
    }
  })

  it('damaged at every byte of the last append loses all of it and nothing else', async () => {
    const bytes = await twoGroups()
    for (let at = firstEnd; at < lastEnd; at++) {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      const { log, repairs } = await reopen(damaged)
      expect(log.head('a'), `damaged at ${at}`).toBe(2)
      expect(repairs.length).toBe(1)
    }
  })

  it('of zeros, or of bytes that look like groups, is cut off', async () => {
    const bytes = await twoGroups()
    const forged = await twoGroups()
    for (const tail of [new Uint8Array(70_000), forged.subarray(firstEnd)]) {
      const { log, repairs } = await reopen(Buffer.concat([bytes, tail]))
      expect(log.head('a')).toBe(5)
      expect(repairs).toEqual([{ path, offset: lastEnd, droppedBytes: tail.length }])
    }
  })

  it('is no reason to refuse whatever a record holds', async () => {
    const bytes = await twoGroups()
    const disk = new CrashDisk(new Map([[path, bytes]]))
    const log = await openJournal(folder, { disk, random })
    // A record that holds a whole copy of the segment, with its salt, torn near its end.
    await log.append('b', 0, 0, [bytes])
    const { log: again } = await reopen(disk.bytes(path).slice(0, -1)).catch((error) => {
      throw new Error('a copy of the journal inside it must not stop it', { cause: error })
    })
    expect(again.head('a')).toBe(5)
    expect(again.head('b')).toBe(0)
  })

  it('of a segment being made is made anew', async () => {
    const whole = await twoGroups()
    for (const length of [0, 1, segmentHeadBytes - 1]) {
      const second = '/j/00000002.segment'
      const files = new Map([
        [path, whole],
        [second, whole.slice(0, length)],
      ])
      const disk = new CrashDisk(files)
      const log = await openJournal(folder, { disk, random })
      await log.append('a', 5, 0, records('sixth'))
      await log.close()
      expect(disk.bytes(second).length).toBeGreaterThan(segmentHeadBytes)
      const again = await openJournal(folder, { disk, random })
      expect(again.head('a')).toBe(6)
    }
  })
})

describe('damage to what is durable', () => {
  it('at every byte before the last append is refused, with file and offset', async () => {
    const bytes = await twoGroups()
    for (let at = 0; at < firstEnd; at++) {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x01
      const offset = at < segmentHeadBytes ? 0 : segmentHeadBytes
      await expect(reopen(damaged), `damaged at ${at}`).rejects.toMatchObject({
        code: 'journal-corrupt',
        message: expect.stringContaining(`byte ${offset} of ${path}`),
        details: { path, offset },
      })
    }
  })

  it('in the last append is refused too once the journal was closed', async () => {
    const bytes = await twoGroups()
    const { disk, log } = await reopen(bytes)
    await log.close()
    for (let at = firstEnd; at < lastEnd; at++) {
      const damaged = disk.bytes(path).slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x80
      await expect(reopen(damaged)).rejects.toMatchObject({ details: { path, offset: firstEnd } })
    }
  })

  it('does not open with a segment missing, doubled or cut short in the middle', async () => {
    const disk = new CrashDisk()
    const log = await openJournal(folder, { disk, random }, { segmentBytes: 1 })
    for (let slot = 0; slot < 3; slot++) await log.append('a', slot, 0, records('x'))
    const file = (number: number) => `/j/0000000${number}.segment`
    const files = () => new Map([1, 2, 3].map((n) => [file(n), disk.bytes(file(n))]))
    const open = (changed: Map<string, Uint8Array>) =>
      openJournal(folder, { disk: new CrashDisk(changed), random })
    expect((await open(files())).head('a')).toBe(3)
    for (const missing of [1, 2]) {
      const changed = files()
      changed.delete(file(missing))
      await expect(open(changed)).rejects.toMatchObject({ code: 'journal-corrupt' })
    }
    const doubled = files().set(file(3), disk.bytes(file(2)))
    await expect(open(doubled)).rejects.toMatchObject({ code: 'journal-corrupt' })
    const short = files().set(file(2), disk.bytes(file(2)).slice(0, -1))
    await expect(open(short)).rejects.toMatchObject({ details: { path: file(2), offset: 32 } })
    // Which segment is the newest cannot be told from the others: the last one gone is not seen.
    const lost = files()
    lost.delete(file(3))
    expect((await open(lost)).head('a')).toBe(2)
  })

  it('is found at reading, at every byte of a record', async () => {
    const { disk, log } = await reopen(await twoGroups())
    const at = segmentHeadBytes + groupHeadBytes + frameBytes(1, [])
    const end = at + frameBytes(0, [first[0] ?? new Uint8Array(0)]) - frameBytes(0, [])
    for (let byte = at; byte < end; byte++) {
      const bytes = disk.bytes(path)
      bytes[byte] = (bytes[byte] ?? 0) ^ 0x04
      await expect(log.read('a', 0, 9), `byte ${byte}`).rejects.toMatchObject({
        code: 'record-corrupt',
        details: { log: 'a', slot: 0, path, offset: at },
      })
      expect((await log.read('a', 1, 9)).length).toBe(4)
      bytes[byte] = (bytes[byte] ?? 0) ^ 0x04
    }
    expect((await log.read('a', 0, 9)).length).toBe(5)
  })
})

it('ignores files that are not segments', async () => {
  const files = new Map([
    [path, await twoGroups()],
    ['/j/lock', encodeText('1')],
    ['/j/00000001.segment.bak', encodeText('x')],
  ])
  const log = await openJournal(folder, { disk: new CrashDisk(files), random })
  expect(log.head('a')).toBe(5)
})
