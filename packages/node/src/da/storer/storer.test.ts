import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, isHeddleError } from '@heddle/protocol/base'
import {
  encodeParameters,
  openCommitment,
  statementMessage,
  verifyRow,
  verifySample,
} from '@heddle/protocol/certificate'
import { afterEach, describe, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { blsSigner, nativeBls } from '../bls.ts'
import { loadErasureKernel } from '../kernel.ts'
import {
  makeStorers,
  openTestEngine,
  publishTestBlob,
  type TestBlob,
} from '../testing/published-blob.ts'
import { decodePiecesReply, encodeGetPieces } from '../wire/get-pieces.ts'
import { decodeRowsReply, encodeGetRows } from '../wire/get-rows.ts'
import { type BlobHeader, decodeHeaderReply, encodeGetHeader } from '../wire/header.ts'
import { requestKinds } from '../wire/kinds.ts'
import { decodePutRows, decodePutRowsReply, encodePutRows, type SentRow } from '../wire/put-rows.ts'
import { decodeStatusReply, encodeGetStatus } from '../wire/status.ts'
import type { StorerOptions } from './options.ts'
import { StorerRole } from './storer.ts'

const runtime = createRuntime()
const engineOf = openTestEngine(await loadErasureKernel(runtime.disk))
const { signers, set } = makeStorers(4)
const own = signers[2] ?? blsSigner(new Uint8Array(32))
const startSeconds = 1_700_000_000
const hour = startSeconds + 3600
const peer = { publicKey: 'disperser', remote: '' }
const blobBytes = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (i * i + seed * i) >> 3)

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-storer-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A storer on a clock that the test turns. */
async function open(
  folder: string,
  given: Partial<StorerOptions> = {},
  sets = { current: () => set, at: (epoch: number) => (epoch === 0 ? set : undefined) },
) {
  const time = { seconds: startSeconds }
  const clock = { ...runtime.clock, nowMs: () => time.seconds * 1000 }
  const damaged: Uint8Array[] = []
  const onDamage = (commitment: Uint8Array) => void damaged.push(commitment)
  const real = { ...runtime, clock }
  const deps = { runtime: real, folder, signer: own, sets, engine: engineOf, onDamage }
  const storer = await StorerRole.open(deps, given)
  ends.push(() => storer.close())
  const ask = async (kind: number, meta: Uint8Array, body: Uint8Array = none, by = peer) => {
    const { meta: told, bodyParts } = await storer.handle(kind, meta, body, by, never)
    return { meta: told, body: concatBytes(bodyParts) }
  }
  const put = async (header: BlobHeader, rows: readonly SentRow[], by = peer) => {
    const { meta, bodyParts } = encodePutRows({ header, rows })
    return decodePutRowsReply(
      (await ask(requestKinds.putRows, meta, concatBytes(bodyParts), by)).meta,
    )
  }
  return { storer, time, ask, put, damaged }
}
const never = new AbortController().signal
const none = new Uint8Array(0)

/** `HEDDLE_DA_FUZZ=10000` for the long run. */
const mutations = Number(process.env.HEDDLE_DA_FUZZ ?? 400)

function signs({ header }: Pick<TestBlob, 'header'>, signature: Uint8Array | undefined): boolean {
  const { committed, ...terms } = header
  const message = statementMessage({ ...terms, commitment: committed.commitment })
  return signature !== undefined && nativeBls.verifyAggregate([own.key], message, signature)
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return isHeddleError(error) ? error.code : error
  }
  return undefined
}

const rowFiles = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.rows'))
    .map((file) => join(folder, file))

/** Turns a bit of the first such bytes that lie in a file. */
function rot(path: string, bytes: Uint8Array): void {
  const file = readFileSync(path)
  const at = file.indexOf(bytes)
  if (at < 0) throw new Error('the bytes are not there')
  file[at] = (file[at] ?? 0) ^ 1
  writeFileSync(path, file)
}

function bent(row: SentRow): SentRow {
  const [first, ...rest] = row.pieces.map((piece) => piece.slice())
  if (first === undefined) throw new Error('a row has pieces')
  first[3] = (first[3] ?? 0) ^ 1
  return { ...row, pieces: [first, ...rest] }
}

describe('a storer', () => {
  it('checks rows, keeps them, signs for all of them and serves them, also after a restart', async () => {
    const folder = freshFolder()
    const blob = publishTestBlob(engineOf, set, blobBytes(700_000, 3), { expiresAtSeconds: hour })
    const first = await open(folder)
    const rows = blob.rowsOf(own.key)
    const reply = await first.put(blob.header, rows)
    expect(signs(blob, reply.signature)).toBe(true)
    expect(reply.rowsHeld).toBe(rows.length)
    await first.storer.close()
    const second = await open(folder)
    // Asked again, it has nothing to write and says the same.
    expect(await second.put(blob.header, rows)).toEqual(reply)
    expect(await second.put(blob.header, [])).toEqual(reply)
    const { commitment, parameters } = blob.header.committed
    const asked = await second.ask(requestKinds.getHeader, encodeGetHeader(commitment))
    const told = decodeHeaderReply(asked.meta, asked.body)
    expect(told.rows).toEqual(rows.map(({ row }) => row))
    const engine = engineOf(parameters.hashId)
    if (engine === undefined) throw new Error('no engine')
    const opened = openCommitment(engine, told.header.committed)
    const wanted = { commitment, rows: Array.from({ length: parameters.n }, (_, row) => row) }
    const served = await second.ask(requestKinds.getRows, encodeGetRows(wanted))
    const got = decodeRowsReply(parameters, served.meta, served.body)
    expect(got.length).toBe(rows.length)
    for (const { row, path, pieces } of got) {
      expect(verifyRow(engine, opened, row, pieces, path)).toBeUndefined()
    }
    const row = rows[1]?.row ?? 0
    const cut = await second.ask(
      requestKinds.getPieces,
      encodeGetPieces({ commitment, row, fromStripe: 1, count: 2 }),
    )
    const { rowPath, pieces } = decodePiecesReply(parameters, cut.meta, cut.body)
    expect(
      pieces.map(({ piece, path }, i) =>
        verifySample(engine, opened, { row, stripe: 1 + i, piece, piecePath: path, rowPath }),
      ),
    ).toEqual([undefined, undefined])
    const status = decodeStatusReply(
      (await second.ask(requestKinds.getStatus, encodeGetStatus())).meta,
    )
    expect(status).toMatchObject({ key: own.key, blobs: 1, rows: rows.length })
  })

  it('takes rows in several requests, at once as well, and signs when the last is durable', async () => {
    const { put } = await open(freshFolder())
    const blob = publishTestBlob(engineOf, set, blobBytes(9000, 5), { expiresAtSeconds: hour })
    const rows = blob.rowsOf(own.key)
    const some = await put(blob.header, rows.slice(0, 3))
    expect(some).toEqual({ rowsHeld: 3, signature: undefined })
    const replies = await Promise.all(rows.map((_, i) => put(blob.header, rows.slice(i, i + 2))))
    expect(replies.some(({ signature }) => signs(blob, signature))).toBe(true)
    expect(replies.every(({ rowsHeld }) => rowsHeld <= rows.length)).toBe(true)
  })

  it('signs for no row it was not drawn for, and for nothing that does not check', async () => {
    const { put, storer, ask } = await open(freshFolder())
    const blob = publishTestBlob(engineOf, set, blobBytes(9000, 7), { expiresAtSeconds: hour })
    const { header } = blob
    const rows = blob.rowsOf(own.key)
    const [head, ...rest] = rows
    if (head === undefined) throw new Error('no rows')
    const foreign = Array.from({ length: 48 }, (_, row) => row).find(
      (row) => !rows.some((mine) => mine.row === row),
    )
    const refusals = [
      [put(header, [bent(head), ...rest]), 'storer-row-refused'],
      [put(header, [{ ...head, path: new Uint8Array(96) }, ...rest]), 'storer-row-refused'],
      [put(header, [{ ...head, pieces: rest[0]?.pieces ?? [] }]), 'storer-row-refused'],
      [put(header, [blob.row(foreign ?? 0)]), 'storer-terms'],
      [put({ ...header, expiresAtSeconds: startSeconds }, rows), 'storer-retention'],
      [
        put({ ...header, expiresAtSeconds: startSeconds + 20 * 366 * 86_400 }, rows),
        'storer-retention',
      ],
      [put({ ...header, epoch: 1 }, rows), 'storer-terms'],
      [put({ ...header, setId: new Uint8Array(32) }, rows), 'storer-terms'],
      [ask(99, Uint8Array.of(1)), 'storer-kind-unknown'],
      [ask(requestKinds.getHeader, encodeGetHeader(header.setId)), 'storer-blob-unknown'],
    ] as const
    expect(await Promise.all(refusals.map(([work]) => codeOf(work)))).toEqual(
      refusals.map(([, code]) => code),
    )
    const bend = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte))
    for (const change of [
      { root: bend(header.committed.root) },
      { fingerprints: bend(header.committed.fingerprints) },
      { parameters: { ...header.committed.parameters, lengthBytes: 9001 } },
    ]) {
      const committed = { ...header.committed, ...change }
      expect(await codeOf(put({ ...header, committed }, rows))).toBe('commitment-mismatch')
    }
    const status = decodeStatusReply((await ask(requestKinds.getStatus, encodeGetStatus())).meta)
    expect(status).toMatchObject({ blobs: 0, rows: 0 })
    expect(storer.key).toEqual(own.key)
  })

  it('is not led by a later header to hold fewer rows than the first one says', async () => {
    const { put } = await open(freshFolder())
    const blob = publishTestBlob(engineOf, set, blobBytes(70_000, 8), {
      expiresAtSeconds: hour,
      k: 64,
    })
    const rows = blob.rowsOf(own.key)
    expect((await put(blob.header, rows.slice(0, 1))).signature).toBeUndefined()
    // k = 16 over four times the segments has fingerprints of the same length, and 12 rows.
    const parameters = { k: 16, n: 48, lengthBytes: 49 * 16 * 16384, hashId: 2 }
    const committed = { ...blob.header.committed, parameters }
    expect(await codeOf(put({ ...blob.header, committed }, []))).toBe(undefined)
    const reply = await put({ ...blob.header, committed }, [])
    expect(reply.signature).toBeUndefined()
  })

  it('refuses the rows that an encoder made no codeword, and so does not sign', async () => {
    const { put } = await open(freshFolder())
    const rowOf = { index: -1 }
    const spoil = (rows: Uint8Array, pieceBytes: number) => {
      const at = rowOf.index * pieceBytes
      rows[at] = (rows[at] ?? 0) ^ 1
    }
    // Every parity row in turn: whoever holds it finds it. The draw changes with the commitment.
    let caught = 0
    for (rowOf.index = 16; rowOf.index < 48; rowOf.index++) {
      const blob = publishTestBlob(
        engineOf,
        set,
        blobBytes(2000, rowOf.index),
        { expiresAtSeconds: hour },
        spoil,
      )
      const mine = blob.rowsOf(own.key)
      const holds = mine.some(({ row }) => row === rowOf.index)
      expect(await codeOf(put(blob.header, mine))).toBe(holds ? 'storer-row-refused' : undefined)
      if (holds) caught++
    }
    expect(caught).toBeGreaterThan(0)
  })
})

describe('what is on the disk', () => {
  it('counts after a crash only where it is whole', async () => {
    const folder = freshFolder()
    const before = await open(folder)
    const kept = publishTestBlob(engineOf, set, blobBytes(5000, 1), { expiresAtSeconds: hour })
    const torn = publishTestBlob(engineOf, set, blobBytes(5000, 2), { expiresAtSeconds: hour })
    const signature = (await before.put(kept.header, kept.rowsOf(own.key))).signature
    await before.put(torn.header, torn.rowsOf(own.key))
    await before.storer.close()
    const name = readdirSync(folder).find((file) => file.endsWith('.rows')) ?? ''
    const path = join(folder, name)
    const whole = readFileSync(path)
    for (const spoil of [
      () => truncateSync(path, whole.length - 1),
      () => truncateSync(path, whole.length - 3000),
      () =>
        writeFileSync(
          path,
          whole.map((byte, i) => (i === whole.length - 200 ? byte ^ 1 : byte)),
        ),
      () => writeFileSync(path, concatBytes([whole, new Uint8Array(777)])),
    ]) {
      spoil()
      const after = await open(folder)
      expect((await after.put(kept.header, [])).signature).toEqual(signature)
      const again = await after.put(torn.header, torn.rowsOf(own.key))
      expect(signs(torn, again.signature)).toBe(true)
      await after.storer.close()
      for (const file of readdirSync(folder))
        if (file !== name && file.endsWith('.rows')) rmSync(join(folder, file))
    }
  })

  it('is taken again where the disk gave other bits, which then counts, after a restart too', async () => {
    const folder = freshFolder()
    const before = await open(folder)
    const blob = publishTestBlob(engineOf, set, blobBytes(9000, 4), { expiresAtSeconds: hour })
    const rows = blob.rowsOf(own.key)
    await before.put(blob.header, rows)
    rot(rowFiles(folder)[0] ?? '', rows[0]?.pieces[0] ?? none)
    const served = async ({ ask }: typeof before) => {
      const meta = encodeGetRows({
        commitment: blob.header.committed.commitment,
        rows: rows.map(({ row }) => row),
      })
      const reply = await ask(requestKinds.getRows, meta)
      return decodeRowsReply(blob.header.committed.parameters, reply.meta, reply.body)
    }
    expect(await served(before)).not.toEqual(rows)
    expect(signs(blob, (await before.put(blob.header, rows)).signature)).toBe(true)
    expect(await served(before)).toEqual(rows)
    // What is whole is not written again.
    const sizes = () => rowFiles(folder).map((file) => readFileSync(file).length)
    const written = sizes()
    await before.put(blob.header, rows)
    expect(sizes()).toEqual(written)
    await before.storer.close()
    expect(await served(await open(folder))).toEqual(rows)
  })

  it('is no truth where fingerprints are damaged: they are told of, and put right when sent again', async () => {
    const folder = freshFolder()
    const before = await open(folder)
    const blob = publishTestBlob(engineOf, set, blobBytes(9000, 5), { expiresAtSeconds: hour })
    const later = publishTestBlob(engineOf, set, blobBytes(900, 6), { expiresAtSeconds: hour })
    const rows = blob.rowsOf(own.key)
    const { committed } = blob.header
    await before.put(blob.header, rows)
    await before.put(later.header, later.rowsOf(own.key))
    rot(rowFiles(folder)[0] ?? '', committed.fingerprints)
    const header = ({ ask }: typeof before) =>
      ask(requestKinds.getHeader, encodeGetHeader(committed.commitment))
    expect(await codeOf(header(before))).toBe('storer-damaged')
    await before.storer.close()
    const after = await open(folder)
    expect(await codeOf(header(after))).toBe('storer-damaged')
    expect(await codeOf(header(after))).toBe('storer-damaged')
    expect(after.damaged).toEqual([committed.commitment])
    const meta = encodeGetRows({
      commitment: committed.commitment,
      rows: rows.map(({ row }) => row),
    })
    const served = await after.ask(requestKinds.getRows, meta)
    expect(decodeRowsReply(committed.parameters, served.meta, served.body)).toEqual(rows)
    const wrong = { ...committed, fingerprints: committed.fingerprints.map((byte) => byte ^ 1) }
    expect(await codeOf(after.put({ ...blob.header, committed: wrong }, []))).toBe(
      'commitment-mismatch',
    )
    expect(signs(blob, (await after.put(blob.header, [])).signature)).toBe(true)
    const told = async (storer: typeof before) => {
      const { meta: head, body } = await header(storer)
      return decodeHeaderReply(head, body).header.committed.fingerprints
    }
    expect(await told(after)).toEqual(committed.fingerprints)
    await after.storer.close()
    expect(await told(await open(folder))).toEqual(committed.fingerprints)
  })

  it('is let go and told of where the terms are damaged; the storer opens and takes it again', async () => {
    const folder = freshFolder()
    const before = await open(folder)
    const blob = publishTestBlob(engineOf, set, blobBytes(9000, 5), { expiresAtSeconds: hour })
    const later = publishTestBlob(engineOf, set, blobBytes(900, 6), { expiresAtSeconds: hour })
    const rows = blob.rowsOf(own.key)
    const { commitment, parameters, root } = blob.header.committed
    await before.put(blob.header, rows)
    await before.put(later.header, later.rowsOf(own.key))
    await before.storer.close()
    const [path = ''] = rowFiles(folder)
    const whole = readFileSync(path)
    const terms = whole.indexOf(concatBytes([commitment, encodeParameters(parameters), root]))
    // The version of the parameters, the epoch, the expiry, the first row of the draw.
    for (const at of [32, 110, 118, 128]) {
      writeFileSync(
        path,
        whole.map((byte, i) => (i === terms + at ? byte ^ 8 : byte)),
      )
      const after = await open(folder)
      expect(after.damaged).toEqual([commitment])
      const asked = after.ask(requestKinds.getHeader, encodeGetHeader(commitment))
      expect(await codeOf(asked)).toBe('storer-blob-unknown')
      expect((await after.put(later.header, [])).signature).toBeDefined()
      expect(signs(blob, (await after.put(blob.header, rows)).signature)).toBe(true)
      await after.storer.close()
      for (const file of rowFiles(folder)) if (file !== path) rmSync(file)
    }
  })

  it('is never what nobody checked: terms for longer come with the header of the blob', async () => {
    const folder = freshFolder()
    const { put, storer } = await open(folder)
    const blob = publishTestBlob(engineOf, set, blobBytes(9000, 7), {
      expiresAtSeconds: startSeconds + 9 * 3600,
    })
    const { committed } = blob.header
    await put(blob.header, blob.rowsOf(own.key))
    const longer = { ...blob.header, expiresAtSeconds: startSeconds + 17 * 3600 }
    const wrong = { ...committed, fingerprints: committed.fingerprints.map((byte) => byte ^ 1) }
    expect(await codeOf(put({ ...longer, committed: wrong }, []))).toBe('commitment-mismatch')
    expect((await put(longer, [])).signature).toBeDefined()
    await storer.close()
    const { ask } = await open(folder)
    const meta = encodeGetHeader(committed.commitment)
    const told = await ask(requestKinds.getHeader, meta)
    expect(decodeHeaderReply(told.meta, told.body).header.committed).toEqual(committed)
  })

  it('is kept for its time, for longer where asked, and then removed', async () => {
    const folder = freshFolder()
    const { storer, time, put, ask } = await open(folder, { segmentBytes: 1 })
    const short = publishTestBlob(engineOf, set, blobBytes(3000, 1), { expiresAtSeconds: hour })
    const long = publishTestBlob(engineOf, set, blobBytes(3000, 2), { expiresAtSeconds: hour })
    const ever = publishTestBlob(engineOf, set, blobBytes(3000, 3), { expiresAtSeconds: 0 })
    const half = publishTestBlob(engineOf, set, blobBytes(3000, 4), { expiresAtSeconds: hour })
    for (const { header, rowsOf } of [short, long, ever]) await put(header, rowsOf(own.key))
    await put(half.header, half.rowsOf(own.key).slice(1))
    const later = { ...long.header, expiresAtSeconds: hour + 3600 }
    expect(signs({ header: later }, (await put(later, [])).signature)).toBe(true)
    // A shorter word is as true; it does not shorten what was said.
    const shorter = { ...long.header, expiresAtSeconds: hour - 60 }
    expect(signs({ header: shorter }, (await put(shorter, [])).signature)).toBe(true)
    const holds = async ({ header }: TestBlob) =>
      (await codeOf(ask(requestKinds.getHeader, encodeGetHeader(header.committed.commitment)))) ===
      undefined
    const state = async () => [
      await holds(short),
      await holds(long),
      await holds(ever),
      await holds(half),
    ]
    expect(await state()).toEqual([true, true, true, true])
    time.seconds += 700
    await storer.expire()
    expect(await state()).toEqual([true, true, true, false])
    time.seconds = hour
    await storer.expire()
    expect(await state()).toEqual([false, true, true, false])
    time.seconds = hour + 3600
    await storer.expire()
    await storer.expire()
    expect(await state()).toEqual([false, false, true, false])
    const files = readdirSync(folder).filter((file) => file.endsWith('.rows'))
    expect(files.map((file) => file[0])).toEqual(['p'])
    await storer.close()
    const again = await open(folder)
    expect((await again.put(ever.header, [])).signature).toBeDefined()
  })

  it('keeps a storer from signing for two sets of one epoch, whatever it is told later', async () => {
    const folder = freshFolder()
    const first = await open(folder)
    const blob = publishTestBlob(engineOf, set, blobBytes(3000, 1), { expiresAtSeconds: hour })
    await first.put(blob.header, blob.rowsOf(own.key))
    await first.storer.close()
    const { set: forked } = makeStorers(4, 0, 99)
    const sets = { current: () => forked, at: () => forked }
    const misled = await open(folder, {}, sets)
    const other = publishTestBlob(engineOf, forked, blobBytes(3000, 2), { expiresAtSeconds: hour })
    expect(await codeOf(misled.put(other.header, other.rowsOf(own.key)))).toBe(
      'storer-equivocation',
    )
  })
})

describe('limits', () => {
  it('bound what one peer and all may have under way, and what is kept', async () => {
    const blob = publishTestBlob(engineOf, set, blobBytes(200_000, 1), { expiresAtSeconds: hour })
    const rows = blob.rowsOf(own.key)
    const bytes = rows.length * 12_544 + 4096
    const { put } = await open(freshFolder(), {
      inFlightBytesPerPeer: 2 * bytes,
      inFlightBytesMax: 3 * bytes,
    })
    const at = (publicKey: string) => put(blob.header, rows, { publicKey, remote: '' })
    const codes = await Promise.all(['a', 'a', 'a', 'b', 'c'].map((name) => codeOf(at(name))))
    expect(codes).toEqual([undefined, undefined, 'storer-busy', undefined, 'storer-busy'])
    expect(await codeOf(at('a'))).toBeUndefined()
    const small = await open(freshFolder(), { capacityBytes: bytes >> 1 })
    expect(await codeOf(small.put(blob.header, rows))).toBe('storer-full')
    const one = await open(freshFolder(), { blobsMax: 1 })
    await one.put(blob.header, rows.slice(1))
    const another = publishTestBlob(engineOf, set, blobBytes(3000, 2), { expiresAtSeconds: hour })
    expect(await codeOf(one.put(another.header, another.rowsOf(own.key)))).toBe('storer-full')
    expect((await one.put(blob.header, rows)).signature).toBeDefined()
    const passing = await open(freshFolder(), { keepsForEver: false })
    const ever = publishTestBlob(engineOf, set, blobBytes(3000, 3), { expiresAtSeconds: 0 })
    expect(await codeOf(passing.put(ever.header, ever.rowsOf(own.key)))).toBe('storer-retention')
  })

  it('hold against mutated requests: no crash, no growth, no false signature', async () => {
    const folder = freshFolder()
    const { storer, ask } = await open(folder)
    const blob = publishTestBlob(engineOf, set, blobBytes(1500, 1), { expiresAtSeconds: hour })
    const { meta, bodyParts } = encodePutRows({ header: blob.header, rows: blob.rowsOf(own.key) })
    const body = concatBytes(bodyParts)
    let state = 99
    const next = () => (state = (state * 1664525 + 1013904223) >>> 0)
    const signed: { header: BlobHeader; signature: Uint8Array }[] = []
    const outcomes = new Set<unknown>()
    for (let round = 0; round < mutations; round++) {
      const [bentMeta, bentBody] = [meta.slice(), body.slice()]
      const target = next() % 2 === 0 ? bentMeta : bentBody
      const at = next() % target.length
      target[at] = (target[at] ?? 0) ^ (1 + (next() % 255))
      const cut = next() % 9 === 0 ? bentMeta.subarray(0, next() % bentMeta.length) : bentMeta
      const kind = next() % 7 === 0 ? next() % 8 : requestKinds.putRows
      const work = ask(kind, cut, bentBody).then(({ meta: told }) => {
        if (kind !== requestKinds.putRows) return
        const { signature } = decodePutRowsReply(told)
        if (signature === undefined) return
        signed.push({ header: decodePutRows(cut, bentBody).header, signature })
      })
      const code = await codeOf(work)
      expect(code === undefined || typeof code === 'string').toBe(true)
      outcomes.add(code)
    }
    // Only a bent expiry may be signed for. Rows and fingerprints that are held already are not
    // looked at again, and the word is about those that are held.
    for (const { header, signature } of signed) {
      expect(header.committed.commitment).toEqual(blob.header.committed.commitment)
      expect(header.setId).toEqual(blob.header.setId)
      expect(signs({ header }, signature)).toBe(true)
    }
    const size = decodeStatusReply(
      (await storer.handle(requestKinds.getStatus, encodeGetStatus(), body, peer, never)).meta,
    )
    expect(size.blobs).toBeLessThanOrEqual(1)
    expect(outcomes.size).toBeGreaterThan(4)
    expect(size.heldBytes).toBeLessThan(1_000_000)
  }, 600_000)
})
