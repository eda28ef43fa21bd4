import { isHeddleError, toHex } from '@heddle/protocol/base'
import { afterAll, describe, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { loadErasureKernel } from '../kernel.ts'
import { makeStorers, openTestEngine, publishTestBlob } from '../testing/published-blob.ts'
import { EncoderPool } from './encoder-pool.ts'
import { disperserDefaults } from './options.ts'

const { disk, random } = createRuntime()
const kernel = await loadErasureKernel(disk)
const pool = new EncoderPool(kernel, 1, disperserDefaults.workerUrl)
afterAll(() => pool.close())

describe('encoder threads', () => {
  it('make the commitment that the blob has, whatever was in their memory before', async () => {
    const blob = random.bytes(70_001)
    const parameters = { k: 16, n: 48, lengthBytes: blob.length, hashId: 1 }
    const { header, row } = publishTestBlob(openTestEngine(kernel), makeStorers(4).set, blob, {
      expiresAtSeconds: 0,
      hashId: 1,
    })
    const commitments: string[] = []
    for (const cut of [0, 1, 33_333]) {
      const other = random.bytes(500_000)
      const before = await pool.encode({ ...parameters, lengthBytes: other.length }, [other])
      before.release(true)
      const encoded = await pool.encode(parameters, [blob.subarray(0, cut), blob.subarray(cut)])
      commitments.push(toHex(encoded.committed.commitment))
      expect(encoded.piecesOf(47).map(toHex)).toEqual(row(47).pieces.map(toHex))
      expect(toHex(encoded.paths[47] ?? blob)).toBe(toHex(row(47).path))
      encoded.release(cut === 0)
    }
    const expected = toHex(header.committed.commitment)
    expect(commitments).toEqual([expected, expected, expected])
  })

  it('that cannot start or work refuse the blob, and the next one too', async () => {
    const missing = new EncoderPool(kernel, 1, new URL('no-such-thread.ts', import.meta.url))
    const parameters = { k: 16, n: 48, lengthBytes: 3, hashId: 1 }
    const attempt = async (to: EncoderPool, hashId = 1) => {
      const work = to.encode({ ...parameters, hashId }, [new Uint8Array(3)])
      const error = await work.catch((caught: unknown) => caught)
      return isHeddleError(error) ? error.code : error
    }
    expect(await attempt(missing)).toBe('da-closed')
    expect(await attempt(missing)).toBe('da-closed')
    await missing.close()
    expect(await attempt(pool, 9)).toBe('da-encoder-failed')
    expect(await attempt(missing)).toBe('da-closed')
  })
})
