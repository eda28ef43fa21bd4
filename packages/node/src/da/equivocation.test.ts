import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import {
  assembleCertificate,
  fingerprintsDigest,
  type Member,
  verifyCertificate,
} from '@heddle/protocol/certificate'
import { hashIds } from '@heddle/protocol/merkle'
import { afterAll, describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { createAvailability } from './availability.ts'
import { nativeHash } from './blake3.ts'
import { nativeBls } from './bls.ts'
import { nativeSha256 } from './commitment-engine.ts'
import { loadErasureKernel } from './kernel.ts'
import { openTestEngine, publishTestBlob, type TestBlob } from './testing/published-blob.ts'
import type { BlobHeader } from './wire/header.ts'
import { requestKinds } from './wire/kinds.ts'
import { decodePutRowsReply, encodePutRows, type SentRow } from './wire/put-rows.ts'

const runtime = createRuntime()
const folder = mkdtempSync(join(tmpdir(), 'heddle-equivocation-'))
const da = await createAvailability({ runtime, folder }, { storers: 8 })
const set = da.sets.current()
const engineOf = openTestEngine(await loadErasureKernel(runtime.disk))
const expiresAtSeconds = Math.ceil(runtime.clock.nowMs() / 1000) + 3600
const blobOf = (seed: number) =>
  publishTestBlob(
    engineOf,
    set,
    Uint8Array.from({ length: 3000 }, (_, i) => i * seed),
    { expiresAtSeconds },
  )

afterAll(async () => {
  await da.close()
  rmSync(folder, { recursive: true })
})

/** The member's signature, or the code of its refusal. */
async function put(member: Member, header: BlobHeader, rows: readonly SentRow[]) {
  const { meta, bodyParts } = encodePutRows({ header, rows })
  try {
    const reply = await da.lane.call(member.key, requestKinds.putRows, meta, bodyParts)
    return decodePutRowsReply(reply.meta).signature ?? 'unsigned'
  } catch (error) {
    return isHeddleError(error) ? error.code : String(error)
  }
}

const rowsFor = (member: Member, blob: TestBlob) => member.rows.map((row) => blob.row(row))

describe('an encoder that commits to two blobs', () => {
  it('gets no signature for rows of one under the commitment of the other', async () => {
    const [one, two] = [blobOf(3), blobOf(5)]
    const { members } = one.assignment
    const answers: (string | Uint8Array)[] = []
    for (const [at, member] of members.entries()) {
      answers.push(await put(member, one.header, rowsFor(member, at % 2 === 0 ? one : two)))
    }
    const places = members.flatMap((_, at) => (at % 2 === 0 ? [at] : []))
    const signed = new Map(
      answers.flatMap((answer, at) => (typeof answer === 'string' ? [] : [[at, answer] as const])),
    )
    expect([...signed.keys()]).toEqual(places)
    expect(new Set(answers.filter((answer) => typeof answer === 'string'))).toEqual(
      new Set(['storer-row-refused']),
    )
    // Half of the rows do not make a certificate, whoever the encoder then names as signers.
    const { committed, ...terms } = one.header
    const zRoot = fingerprintsDigest(
      nativeHash(hashIds.blake3) ?? nativeSha256,
      committed.fingerprints,
    )
    const { parameters, root } = committed
    const sealed = { parameters, root, zRoot }
    expect(assembleCertificate(nativeBls, one.assignment, sealed, terms, signed)).toBeUndefined()
    const signature = nativeBls.aggregate([...signed.values()])
    if (signature === undefined) throw new Error('signatures of storers are well-formed')
    const claim = (signers: readonly number[]) => {
      const made = { ...sealed, ...terms, members: members.length, signers, signature }
      return () => verifyCertificate(nativeBls, set, made)
    }
    expect(claim(places)).toThrow(/rows are signed for, 30 are needed/)
    expect(claim(members.map((_, at) => at))).toThrow(/not that of the signers/)
  })

  it('gets none for two roots or two fingerprints under one commitment', async () => {
    const [one, two] = [blobOf(7), blobOf(9)]
    const [member] = one.assignment.members
    if (member === undefined) throw new Error('a committee has members')
    const rows = rowsFor(member, one)
    const mixed = [
      { root: two.header.committed.root },
      { fingerprints: two.header.committed.fingerprints },
    ]
    for (const change of mixed) {
      const committed = { ...one.header.committed, ...change }
      expect(await put(member, { ...one.header, committed }, rows)).toMatch(
        /refused|invalid|commit/,
      )
    }
    expect(typeof (await put(member, one.header, rows))).toBe('object')
  })
})
