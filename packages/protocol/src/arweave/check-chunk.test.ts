import Arweave from 'arweave'
import { describe, expect, it } from 'vitest'
import { encodeBase64Url } from '../base/index.ts'
import { portableCrypto } from '../crypto/index.ts'
import { checkPostedChunk, parsePostedChunk } from './check-chunk.ts'
import { DataTreeBuilder } from './data-tree.ts'
import type { ChunkFault } from './errors.ts'
import { chunkBytesMax } from './limits.ts'

const engine = portableCrypto
const arweave = Arweave.init({})

/** The bodies arweave-js posts to /chunk for this data. */
async function posted(data: Uint8Array): Promise<Record<string, string>[]> {
  const transaction = await arweave.createTransaction({ data, last_tx: '', reward: '0', owner: '' })
  await transaction.prepareChunks(data)
  const count = transaction.chunks?.chunks.length ?? 0
  return Array.from({ length: count }, (_, i) => ({ ...transaction.getChunk(i, data) }))
}

function refusal(body: unknown): unknown {
  try {
    checkPostedChunk(parsePostedChunk(body), engine)
    return undefined
  } catch (error) {
    return error
  }
}

function expectFault(body: unknown, fault: ChunkFault): void {
  expect(refusal(body), fault).toMatchObject({ code: 'chunk-refused', details: { fault } })
}

describe('chunks', () => {
  it('of arweave-js are taken, also of an exact multiple', async () => {
    for (const size of [1, chunkBytesMax, chunkBytesMax + 1, 3 * chunkBytesMax]) {
      const data = new Uint8Array(size).fill(size & 255)
      let next = 0
      for (const body of await posted(data)) {
        const chunk = parsePostedChunk(body)
        const { fromByte, toByte } = checkPostedChunk(chunk, engine)
        expect(fromByte).toBe(next)
        expect(chunk.offset).toBe(toByte - 1)
        next = toByte
      }
      expect(next).toBe(size)
    }
  })

  it('are refused by the names the network uses', async () => {
    const [body = {}, last = {}] = await posted(new Uint8Array(400_000).fill(5))
    const [small = {}] = await posted(new Uint8Array(10).fill(5))
    expect(refusal(body)).toBeUndefined()
    expectFault(null, 'invalid_json')
    expectFault('{}', 'invalid_json')
    expectFault({}, 'invalid_json')
    expectFault({ ...body, data_root: 'AAAA' }, 'invalid_json')
    expectFault({ ...body, chunk: '*' }, 'invalid_json')
    expectFault({ ...body, data_size: '-1' }, 'invalid_json')
    expectFault({ ...body, data_size: '9007199254740993' }, 'data_size_too_big')
    expectFault({ ...body, offset: '9007199254740993' }, 'offset_too_big')
    expectFault({ ...body, offset: '400000' }, 'offset_too_big')
    expectFault({ ...body, data_path: 'A'.repeat(400_000) }, 'data_path_too_big')
    expectFault({ ...body, chunk: 'A'.repeat(400_000) }, 'chunk_too_big')
    expectFault({ ...body, chunk: small.chunk }, 'invalid_proof')
    expectFault({ ...body, data_path: small.data_path }, 'invalid_proof')
    // A chunk before the last proves nothing about where the data ends.
    expectFault({ ...last, data_size: '400001' }, 'invalid_proof')
    const forged = { data_root: 'A'.repeat(43), data_path: 'AAAA', data_size: '10', offset: '0' }
    expectFault({ ...forged, chunk: 'AAAA' }, 'invalid_proof')
  })

  it('are refused where the proof outweighs the chunk, unless it is the last', () => {
    const builder = new DataTreeBuilder(engine)
    const parts = [Uint8Array.of(1), Uint8Array.of(2)]
    for (const [i, part] of parts.entries()) {
      builder.add({ dataHash: engine.sha256(part), fromByte: i, toByte: i + 1 })
    }
    const tree = builder.end()
    const body = (i: number) => ({
      data_root: encodeBase64Url(tree.root),
      data_size: '2',
      offset: String(i),
      data_path: encodeBase64Url(tree.path(i)),
      chunk: encodeBase64Url(parts[i] ?? new Uint8Array(0)),
    })
    expectFault(body(0), 'chunk_proof_ratio_not_attractive')
    expect(refusal(body(1))).toBeUndefined()
  })
})
