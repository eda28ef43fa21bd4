import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeBase64Url, isHeddleError, toHex } from '../base/index.ts'
import {
  type Certificate,
  certificateCommitment,
  certificateFromJson,
  certificateToJson,
  decodeCertificate,
  decodeParameters,
  drawAssignment,
  encodeCertificate,
  portableBls,
  type StorerSet,
  statementMessage,
  storerSetId,
  verifyCertificate,
  verifyPossession,
} from './index.ts'

type Vectors = {
  readonly possession: { readonly key: string; readonly proof: string }
  readonly storerSet: {
    readonly epoch: number
    readonly beacon: string
    readonly storers: readonly { readonly key: string; readonly stake: string }[]
    readonly id: string
  }
  readonly blob: { readonly parameters: string; readonly commitment: string }
  readonly members: readonly { readonly storer: number; readonly rows: readonly number[] }[]
  readonly statement: string
  readonly certificate: { readonly bytes: string; readonly json: unknown }
  readonly wideDraw: { readonly id: string; readonly members: readonly (readonly number[])[] }
}

const path = new URL('../../../../spec/vectors/certificate.json', import.meta.url)
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

const set: StorerSet = {
  epoch: vectors.storerSet.epoch,
  beacon: hex(vectors.storerSet.beacon),
  storers: vectors.storerSet.storers.map(({ key, stake }) => ({
    key: hex(key),
    stake: BigInt(stake),
  })),
}
const bytes = hex(vectors.certificate.bytes)
const certificate = decodeCertificate(bytes)

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return isHeddleError(error) ? error.code : error
  }
  return undefined
}

describe('certificate vectors', () => {
  it('freeze set, draw, statement and both forms of the certificate', () => {
    expect(toHex(storerSetId(set))).toBe(vectors.storerSet.id)
    const commitment = certificateCommitment(certificate)
    expect(toHex(commitment)).toBe(vectors.blob.commitment)
    const { members } = drawAssignment(set, commitment, certificate.parameters)
    expect(members.map(({ storer, rows }) => ({ storer, rows }))).toEqual(vectors.members)
    expect(certificate.parameters).toEqual(decodeParameters(hex(vectors.blob.parameters)))
    expect(toHex(statementMessage({ ...certificate, commitment }))).toBe(vectors.statement)
    expect(toHex(encodeCertificate(certificate))).toBe(vectors.certificate.bytes)
    expect(certificateToJson(certificate)).toEqual(vectors.certificate.json)
    expect(certificateFromJson(vectors.certificate.json)).toEqual(certificate)
    const { key, proof } = vectors.possession
    expect(verifyPossession(portableBls, hex(key), hex(proof))).toBe(true)
    expect(verifyPossession(portableBls, set.storers[1]?.key ?? bytes, hex(proof))).toBe(false)
  })

  it('freeze the draw of a committee from many storers', () => {
    const storers = Array.from({ length: 150 }, (_, i) => ({
      key: Uint8Array.from({ length: 48 }, (_, j) =>
        j === 0 ? 0x80 + (i >> 1) : j === 1 ? i & 1 : (i * 7 + j) & 255,
      ),
      stake: BigInt(1 + ((i * i) % 97)),
    }))
    const wide = { epoch: 3, beacon: new Uint8Array(32).fill(9), storers }
    expect(toHex(storerSetId(wide))).toBe(vectors.wideDraw.id)
    const { members } = drawAssignment(wide, new Uint8Array(32).fill(0x33), { k: 64, n: 200 })
    expect(members.map(({ storer, rows }) => [storer, ...rows])).toEqual(vectors.wideDraw.members)
  })
})

describe('a certificate', () => {
  it('holds against its storer set, and says what it rests on', () => {
    const { rowsSigned, rowsNeeded, assignment } = verifyCertificate(portableBls, set, certificate)
    expect(rowsNeeded).toBe(30)
    expect(rowsSigned).toBeGreaterThanOrEqual(30)
    const all = assignment.members.reduce((sum, { rows }) => sum + rows.length, 0)
    expect(all).toBe(48)
  })

  it('is refused where anything that was signed differs', () => {
    const bend = (part: Uint8Array) => part.map((byte, i) => (i === 5 ? byte ^ 1 : byte))
    const refused = (change: Partial<Certificate>, by: StorerSet = set) =>
      codeOf(() => verifyCertificate(portableBls, by, { ...certificate, ...change }))
    const changes: Partial<Certificate>[] = [
      { root: bend(certificate.root) },
      { zRoot: bend(certificate.zRoot) },
      { setId: bend(certificate.setId) },
      { epoch: 8 },
      { expiresAtSeconds: certificate.expiresAtSeconds + 60 },
      { parameters: { ...certificate.parameters, lengthBytes: 4999 } },
      { signature: bend(certificate.signature) },
      // A disperser that lies about signers: one more, one less, too few rows.
      { signers: [0, 1, 2, 3, 4] },
      { signers: certificate.signers.slice(1) },
      { signers: certificate.signers.slice(0, 2) },
      { signers: [] },
      { members: 6 },
      // k and n that are no committee of five storers.
      { parameters: { ...certificate.parameters, n: 40 } },
      { parameters: { ...certificate.parameters, k: 64, n: 200 } },
    ]
    expect(changes.map((change) => refused(change))).toEqual(changes.map(() => 'certificate'))
    const other = { ...set, beacon: bend(set.beacon) }
    expect(refused({}, other)).toBe('certificate')
    expect(refused({ setId: storerSetId(other) }, other)).toBe('certificate')
    const first = set.storers[0]
    if (first === undefined) throw new Error('no storer')
    const richer = { ...set, storers: [{ ...first, stake: 99n }, ...set.storers.slice(1)] }
    expect(refused({ setId: storerSetId(richer) }, richer)).toBe('certificate')
  })

  it('is read only where every byte has its place', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => decodeCertificate(bytes.subarray(0, length)))).toBe('certificate')
    }
    expect(codeOf(() => decodeCertificate(new Uint8Array([...bytes, 0])))).toBe('certificate')
    let state = 7
    for (let round = 0; round < 2_000; round++) {
      const bent = bytes.slice()
      state = (state * 1664525 + 1013904223) >>> 0
      const at = state % bytes.length
      bent[at] = (bent[at] ?? 0) ^ (1 + ((state >>> 16) % 255))
      const code = codeOf(() => {
        const read = decodeCertificate(bent)
        // What is read is written the same: one certificate has one form.
        expect(toHex(encodeCertificate(read))).toBe(toHex(bent))
      })
      expect([undefined, 'certificate', 'commitment-parameters', 'erasure-shape']).toContain(code)
    }
  })

  it('as JSON is refused where a field is missing, of another kind or contradicts', () => {
    const json = certificateToJson(certificate)
    for (const name of Object.keys(json)) {
      const { [name as keyof typeof json]: _gone, ...rest } = json
      expect(codeOf(() => certificateFromJson(rest))).toBe('certificate')
      for (const value of [{}, -1, 'x', [1.5], Number.NaN]) {
        expect(codeOf(() => certificateFromJson({ ...json, [name]: value }))).toBe('certificate')
      }
    }
    expect(codeOf(() => certificateFromJson(null))).toBe('certificate')
    const forEver = certificateFromJson({ ...json, expiresAtSeconds: null })
    expect(forEver.expiresAtSeconds).toBe(0)
    expect(decodeBase64Url(json.commitment)).toEqual(certificateCommitment(certificate))
  })
})
