import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBase64Url, HeddleError, isHeddleError, toHex } from '@heddle/protocol/base'
import {
  certificateCommitment,
  layoutOf,
  openCommitment,
  verifyCertificate,
  verifyRow,
} from '@heddle/protocol/certificate'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createRuntime, type Timer } from '../runtime/index.ts'
import { createAvailability } from './availability.ts'
import { blsSigner, nativeBls } from './bls.ts'
import type { Published } from './disperser/disperser.ts'
import type { LaneHandler } from './lane/lane.ts'
import { repairStorer } from './retriever/repair.ts'
import { createRetriever } from './retriever/retriever.ts'
import { decodeRowsReply, encodeGetRows } from './wire/get-rows.ts'
import { decodeHeaderReply, encodeGetHeader } from './wire/header.ts'
import { requestKinds } from './wire/kinds.ts'
import { encodePutRowsReply } from './wire/put-rows.ts'

const runtime = createRuntime()
const hour = { retentionSeconds: 3600 }

/** A fault of a storer: what its handler does in place of the honest one. */
type Fault = (honest: LaneHandler) => LaneHandler

/** Faults by storer, base64url of its key; none unless a test says so. */
const faults = new Map<string, Fault>()
const folder = mkdtempSync(join(tmpdir(), 'heddle-da-'))

/** Storers are late when a test says so: `limits` has what ends those that have not answered. */
const limitMs = 3_600_000
const limits = new Set<() => void>()
const timer: Timer = {
  ...runtime.timer,
  after(delayMs, run) {
    if (delayMs < limitMs) return runtime.timer.after(delayMs, run)
    limits.add(run)
    return () => void limits.delete(run)
  },
}
const endLimits = () => {
  for (const end of limits) end()
}

/** Eight storers of three seats each; the bound of 7 seats bears two of them. */
const da = await createAvailability(
  { runtime: { ...runtime, timer }, folder },
  {
    storers: 8,
    disperser: { encoders: 1, storerTimeoutMs: limitMs, storerTimeoutMsPerMiB: 0, batchMs: 30 },
    wrap: (key, honest) => {
      const name = encodeBase64Url(key)
      return (...request) => (faults.get(name)?.(honest) ?? honest)(...request)
    },
  },
)

afterAll(async () => {
  await da.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  faults.clear()
  endLimits()
})

/** Gives the first storers these faults; returns their names. */
function spoil(given: readonly Fault[]): string[] {
  return given.map((fault, i) => {
    const name = encodeBase64Url(da.sets.current().storers[i]?.key ?? new Uint8Array(0))
    faults.set(name, fault)
    return name
  })
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return isHeddleError(error) ? error.code : error
  }
  return undefined
}

/** Reads a certified blob from the storers that answer, checking all that a reader checks. */
async function readBack({ certificate, fromByte, toByte }: Published) {
  const { commitment, assignment } = verifyCertificate(nativeBls, da.sets.current(), certificate)
  const engine = da.engineFor(certificate.parameters.hashId)
  if (engine === undefined) throw new Error('no engine')
  const rows = new Map<number, readonly Uint8Array[]>()
  for (const { key, rows: own } of assignment.members) {
    try {
      const head = await da.lane.call(key, requestKinds.getHeader, encodeGetHeader(commitment), [])
      const { header } = decodeHeaderReply(head.meta, head.body)
      const opened = openCommitment(engine, { ...header.committed, commitment })
      const meta = encodeGetRows({ commitment, rows: own })
      const reply = await da.lane.call(key, requestKinds.getRows, meta, [])
      for (const row of decodeRowsReply(certificate.parameters, reply.meta, reply.body)) {
        if (verifyRow(engine, opened, row.row, row.pieces, row.path) === undefined) {
          rows.set(row.row, row.pieces)
        }
      }
    } catch {
      // Another member has what is needed, or the test fails.
    }
  }
  const layout = layoutOf(certificate.parameters)
  const { k, pieceBytes, stripes } = layout
  const blob = new Uint8Array(stripes * k * pieceBytes)
  const wanted = Array.from({ length: k }, (_, row) => row)
  for (let stripe = 0; stripe < stripes; stripe++) {
    const known = [...rows].map(([index, pieces]) => ({
      index,
      piece: pieces[stripe] ?? new Uint8Array(0),
    }))
    const out = blob.subarray(stripe * k * pieceBytes, (stripe + 1) * k * pieceBytes)
    engine.erasure.decode(layout, known, wanted, out)
  }
  return blob.slice(fromByte, toByte)
}

const crash: Fault = () => async () => {
  throw new HeddleError('bulk-connection-lost', 'unavailable', 'the storer is gone')
}
const stall: Fault =
  (honest) =>
  (kind, ...rest) =>
    kind === requestKinds.putRows ? new Promise(() => {}) : honest(kind, ...rest)
const garbled: Fault = (honest) => (kind, meta, body, peer, signal) => {
  const bent = body.slice()
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
  return honest(kind, meta, bent, peer, signal)
}
/** Signs the statement of another storer set, or nothing at all. */
const liar: Fault = (honest) => async (kind, meta, body, peer, signal) => {
  const reply = await honest(kind, meta, body, peer, signal)
  if (kind !== requestKinds.putRows) return reply
  const signature = blsSigner(new Uint8Array(32).fill(77)).sign(new Uint8Array(4))
  return { ...reply, meta: encodePutRowsReply({ rowsHeld: 1, signature }) }
}
/** Signs as an honest storer does, and has forgotten the rows when asked for them. */
const forgetful: Fault = (honest) => (kind, meta, body, peer, signal) =>
  kind === requestKinds.putRows
    ? honest(kind, meta, body, peer, signal)
    : Promise.reject(new HeddleError('storer-blob-unknown', 'missing', 'what rows?'))
/** Serves rows with a bit turned. */
const corrupt: Fault = (honest) => async (kind, meta, body, peer, signal) => {
  const reply = await honest(kind, meta, body, peer, signal)
  if (kind !== requestKinds.getRows) return reply
  return { ...reply, bodyParts: reply.bodyParts.map((part) => part.map((byte) => byte ^ 1)) }
}

describe('availability in one process', () => {
  it('certifies blobs of all sizes, and what is certified is read back', async () => {
    for (const size of [1, 5000, 300_000, 2_500_000]) {
      const blob = runtime.random.bytes(size)
      const parts = [blob.subarray(0, size >> 1), blob.subarray(size >> 1)]
      const published = await da.publish(parts, hour)
      expect(Buffer.compare(await readBack(published), blob)).toBe(0)
    }
    // Small ones share a blob and are told where they are in it.
    const blobs = Array.from({ length: 12 }, (_, i) => runtime.random.bytes(100 + 37 * i))
    const all = await Promise.all(blobs.map((blob) => da.publish([blob], hour)))
    const names = new Set(all.map(({ certificate }) => toHex(certificateCommitment(certificate))))
    expect(names.size).toBe(1)
    for (const [i, published] of all.entries()) {
      expect(Buffer.compare(await readBack(published), blobs[i] ?? new Uint8Array(0))).toBe(0)
    }
    // Another retention is another blob.
    const other = await da.publish([new Uint8Array(5)], { retentionSeconds: 0 })
    expect(other.certificate.expiresAtSeconds).toBe(0)
    expect(names.has(toHex(certificateCommitment(other.certificate)))).toBe(false)
  })

  it.each<[string, readonly Fault[], readonly string[]]>([
    ['crash and stall', [crash, stall], ['failed', 'pending']],
    ['get other bytes than were sent and sign garbage', [garbled, liar], ['failed', 'lied']],
    ['sign without storing and serve wrong rows', [forgetful, corrupt], ['signed', 'signed']],
  ])('bears two storers that %s, and names them', async (_name, given, states) => {
    const faulty = spoil(given)
    const seen: string[][] = []
    for (let round = 0; round < 2; round++) {
      const blob = runtime.random.bytes(300_000 + round)
      const published = await da.publish([blob], hour)
      expect(Buffer.compare(await readBack(published), blob)).toBe(0)
      const stateOf = (key: string) =>
        published.storers.find(({ storer }) => storer === key)?.state ?? 'absent'
      seen.push(faulty.map(stateOf))
      const honest = published.storers.filter(({ storer }) => !faulty.includes(storer))
      expect(honest.every(({ state }) => state === 'signed' || state === 'pending')).toBe(true)
    }
    // A storer may still be pending when the others suffice; none is called what it is not.
    for (const [i, state] of states.entries()) {
      const allowed = [state, 'pending']
      expect(seen.every((round) => allowed.includes(round[i] ?? ''))).toBe(true)
    }
  })

  it('gives no certificate beyond the bound, and says who failed', async () => {
    const faulty = spoil([crash, liar, stall, garbled])
    const failing = da.publish([runtime.random.bytes(300_000)], hour).catch((caught) => caught)
    // All have answered but the one that never does.
    await expect.poll(() => limits.size).toBe(1)
    endLimits()
    const error = await failing
    expect(isHeddleError(error, 'da-not-certified')).toBe(true)
    const { storers, rowsNeeded } = (error as HeddleError).details as {
      storers: Published['storers']
      rowsNeeded: number
    }
    expect(rowsNeeded).toBe(30)
    const failed = storers.filter(({ fault }) => fault !== '').map(({ storer }) => storer)
    expect(failed.length).toBeGreaterThanOrEqual(3)
    expect(failed.every((storer) => faulty.includes(storer))).toBe(true)
  })

  it('says that a shorter retention would be taken, not that storers may come back', async () => {
    const blob = runtime.random.bytes(300_000)
    const refused = da.publish([blob], { retentionSeconds: 20 * 366 * 86_400 })
    await expect(refused).rejects.toMatchObject({
      code: 'da-not-certified',
      kind: 'invalid',
      message: expect.stringContaining('shorter retention'),
    })
  })

  it('still brings rows to slow storers after the certificate', async () => {
    const gate = Promise.withResolvers<void>()
    const stored = Promise.withResolvers<void>()
    const [name] = spoil([
      (honest) =>
        async (kind, ...rest) => {
          if (kind === requestKinds.putRows) await gate.promise
          const reply = await honest(kind, ...rest)
          stored.resolve()
          return reply
        },
    ])
    const { certificate, storers } = await da.publish([runtime.random.bytes(300_000)], hour)
    expect(storers.find(({ storer }) => storer === name)?.state).toBe('pending')
    gate.resolve()
    await stored.promise
    faults.clear()
    const meta = encodeGetHeader(certificateCommitment(certificate))
    const key = da.sets.current().storers[0]?.key ?? new Uint8Array(0)
    const head = await da.lane.call(key, requestKinds.getHeader, meta, [])
    expect(decodeHeaderReply(head.meta, head.body).rows.length).toBe(6)
  })

  it('gives a storer back fingerprints and rows that rotted on its disk', async () => {
    const { certificate } = await da.publish([runtime.random.bytes(300_000)], hour)
    const storerSet = () => da.sets.current()
    const { lane, engineFor } = da
    const { clock, timer } = runtime
    const readers = { lane, storerSet, engineFor, bls: nativeBls, clock, timer }
    const retriever = createRetriever(readers)
    const { commitment, open, assignment } = await retriever.open(certificate)
    const [storer] = da.storers
    if (storer === undefined) throw new Error('there are eight')
    const own = assignment.members.find(({ key }) => toHex(key) === toHex(storer.key))
    // It may be one of those that the certificate did not wait for.
    const held = async () => {
      const meta = encodeGetHeader(commitment)
      const head = await lane.call(storer.key, requestKinds.getHeader, meta, [])
      return decodeHeaderReply(head.meta, head.body).rows.length
    }
    await expect.poll(() => held().catch(() => 0)).toBe(own?.rows.length)
    const row = await lane.call(
      storer.key,
      requestKinds.getRows,
      encodeGetRows({ commitment, rows: own?.rows.slice(1, 2) ?? [] }),
      [],
    )
    const ownFolder = join(folder, 'storer-0')
    const files = readdirSync(ownFolder).filter((name) => name.endsWith('.rows'))
    const rot = (bytes: Uint8Array) => {
      for (const name of files) {
        const file = readFileSync(join(ownFolder, name))
        const at = file.indexOf(bytes)
        if (at < 0) continue
        file[at] = (file[at] ?? 0) ^ 1
        writeFileSync(join(ownFolder, name), file)
      }
    }
    const repair = () =>
      repairStorer({
        storer: storer.key,
        handle: storer.handle,
        retriever,
        certificates: [certificate],
        onFailure: (_certificate, error) => {
          throw error
        },
      })
    const nothing = { blobs: 0, rows: 0, fingerprints: 0 }
    expect(await repair()).toEqual(nothing)
    rot(open.committed.fingerprints)
    const header = () =>
      lane.call(storer.key, requestKinds.getHeader, encodeGetHeader(commitment), [])
    expect(await codeOf(header())).toBe('storer-damaged')
    expect(await repair()).toEqual({ blobs: 1, rows: 0, fingerprints: 1 })
    const { committed } = decodeHeaderReply((await header()).meta, (await header()).body).header
    expect(committed).toEqual(open.committed)
    rot(open.committed.fingerprints)
    rot(row.body)
    expect(await repair()).toEqual({ blobs: 1, rows: 1, fingerprints: 1 })
    expect(await repair()).toEqual(nothing)
    // A storer that is gone is not asked of each blob anew.
    let asked = 0
    const gone = async () => {
      asked++
      throw new HeddleError('bulk-call-timed-out', 'unavailable', 'no answer')
    }
    const onFailure = () => expect.unreachable('no blob is at fault')
    const certificates = [certificate, certificate]
    const aimless = { storer: storer.key, handle: gone, retriever, certificates, onFailure }
    expect(await codeOf(repairStorer(aimless))).toBe('bulk-call-timed-out')
    expect(asked).toBe(1)
  })

  it('gives up what waits when it is closed', async () => {
    spoil([stall, stall, stall, stall])
    const large = codeOf(da.publish([runtime.random.bytes(300_000)], hour))
    const small = codeOf(da.publish([runtime.random.bytes(3)], hour))
    await da.close()
    expect(await small).toBe('da-closed')
    expect(['da-closed', 'da-not-certified']).toContain(await large)
    expect(await codeOf(da.publish([new Uint8Array(1)], hour))).toBe('da-closed')
  })

  it('takes nothing without bytes, and nothing too long', async () => {
    expect(await codeOf(da.publish([], hour))).toBe('da-blob-length')
    const tooLong = { length: 2 ** 29 } as Uint8Array
    expect(await codeOf(da.publish([tooLong], hour))).toBe('da-blob-length')
  })
})
