import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toHex } from '../base/index.ts'
import { fingerprintKeys } from './derive.ts'
import {
  blobLevels,
  commitBlob,
  encodeParameters,
  hashPieces,
  layoutOf,
  newLeafTable,
  portableCommitment,
} from './index.ts'

type Vector = {
  readonly name: string
  readonly k: number
  readonly n: number
  readonly lengthBytes: number
  readonly hash: 'sha256' | 'blake3'
  readonly parameters: string
  readonly root: string
  readonly keys: readonly string[]
  readonly firstFingerprint: string
  readonly commitment: string
}

const path = new URL('../../../../spec/vectors/commitment.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(path, 'utf8')) as { vectors: readonly Vector[] }

/** The blob of a vector: byte i is ⌊(i² + 31 i) / 8⌋ mod 256. */
function blobOf(lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * i + 31 * i) >> 3)
}

function commit({ k, n, lengthBytes, hash }: Vector) {
  const engine = portableCommitment[hash]
  const parameters = { k, n, lengthBytes, hashId: engine.hash.id }
  const { pieceBytes, stripes } = layoutOf(parameters)
  const table = newLeafTable(parameters)
  const blob = new Uint8Array(stripes * k * pieceBytes)
  blob.set(blobOf(lengthBytes))
  const parity = new Uint8Array((n - k) * pieceBytes)
  for (let stripe = 0; stripe < stripes; stripe++) {
    const data = blob.subarray(stripe * k * pieceBytes, (stripe + 1) * k * pieceBytes)
    engine.erasure.encode({ k, n, pieceBytes }, data, parity)
    hashPieces(engine, table, stripe, 0, data)
    hashPieces(engine, table, stripe, k, parity)
  }
  const pieceOf = (row: number, stripe: number) => {
    const at = (stripe * k + row) * pieceBytes
    return blob.subarray(at, at + pieceBytes)
  }
  const committed = commitBlob(engine, parameters, blobLevels(engine, table), pieceOf)
  return { ...committed, keys: fingerprintKeys(engine.hash, parameters, committed.root) }
}

describe('commitment vectors', () => {
  it.each(vectors)('freeze $name', (vector) => {
    const { parameters, root, keys, fingerprints, commitment } = commit(vector)
    expect({
      parameters: toHex(encodeParameters(parameters)),
      root: toHex(root),
      keys: keys.map(toHex),
      firstFingerprint: toHex(fingerprints.subarray(0, 256)),
      commitment: toHex(commitment),
    }).toEqual({
      parameters: vector.parameters,
      root: vector.root,
      keys: vector.keys,
      firstFingerprint: vector.firstFingerprint,
      commitment: vector.commitment,
    })
  })
})
