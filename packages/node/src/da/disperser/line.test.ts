import { isHeddleError } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { BatchPacker } from './batch.ts'
import { ByteLine } from './line.ts'

const { timer } = createRuntime()

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return isHeddleError(error) ? error.code : error
  }
  return undefined
}

describe('the line before the encoders', () => {
  it('lets in what fits, in order, and refuses what would wait too long', async () => {
    const line = new ByteLine(100, 150)
    const order: number[] = []
    const enter = async (bytes: number) => {
      const leave = await line.enter(bytes)
      order.push(bytes)
      return leave
    }
    const first = await enter(70)
    const second = enter(60)
    // It would fit, but another is before it.
    const third = enter(20)
    expect(await codeOf(enter(80))).toBe('da-busy')
    expect(order).toEqual([70])
    first()
    await Promise.all([second, third])
    expect(order).toEqual([70, 60, 20])
    // One that is larger than the line goes alone.
    const huge = enter(1000)
    ;(await second)()
    ;(await third)()
    ;(await huge)()
    const last = await enter(100)
    const waiting = codeOf(enter(1))
    line.close()
    expect(await waiting).toBe('da-closed')
    expect(await codeOf(enter(1))).toBe('da-closed')
    last()
  })
})

describe('the packer', () => {
  const options = { batchBytes: 1000, batchMs: 60_000 }
  const bytes = (length: number) => [new Uint8Array(length)]

  it('sends a batch when it is full, or would be too full', async () => {
    const sent: [number, number][] = []
    const packer = new BatchPacker(timer, options, async (key, parts) => {
      sent.push([key, parts.reduce((sum, { length }) => sum + length, 0)])
      return sent.length
    })
    const lengths = [400, 400, 300, 700] as const
    const packed = await Promise.all(lengths.map((length) => packer.add(1, bytes(length), length)))
    expect(sent).toEqual([
      [1, 800],
      [1, 1000],
    ])
    expect(packed.map(({ result, fromByte, toByte }) => [result, fromByte, toByte])).toEqual([
      [1, 0, 400],
      [1, 400, 800],
      [2, 0, 300],
      [2, 300, 1000],
    ])
  })

  it('sends after a while, keeps keys apart, and tells all members why it failed', async () => {
    const short = { ...options, batchMs: 5 }
    const packer = new BatchPacker(timer, short, async (key) => {
      if (key === 2) throw new Error('no storers')
      return key
    })
    const results = await Promise.allSettled([
      packer.add(1, bytes(3), 3),
      packer.add(2, bytes(3), 3),
      packer.add(2, bytes(3), 3),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    const slow = new BatchPacker(timer, options, async () => 1)
    const waiting = codeOf(slow.add(1, bytes(3), 3))
    slow.close()
    expect(await waiting).toBe('da-closed')
  })
})
