import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime } from '@heddle/node/runtime'
import { decodeBase64Url } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateFromJson,
  encodeCertificate,
  type StorerDirectoryJson,
} from '@heddle/protocol/certificate'
import { formatReference, type PublishedBlob } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCommandLine } from '../packages/cli/src/command.ts'
import { daCommand } from '../packages/cli/src/commands/da.ts'
import type { Manifest } from '../packages/cli/src/commands/da-manifest.ts'
import { openDaNetwork } from './da-network.ts'
import { openLyingNode } from './lying-node.ts'
import { newDataFolder, removeFolder } from './node-process.ts'

const { random } = createRuntime()
const seven = [0, 4, 8, 12, 16, 20, 23]

describe('the wide lane: one disperser, 24 storers', () => {
  const folder = newDataFolder()
  let network: Awaited<ReturnType<typeof openDaNetwork>>

  beforeAll(async () => {
    network = await openDaNetwork(folder)
  })

  afterAll(async () => {
    await network.close()
    removeFolder(folder)
  })

  const setJson = () => JSON.parse(readFileSync(network.setFile, 'utf8')) as StorerDirectoryJson
  const putAndRead = async (size: number): Promise<PublishedBlob> => {
    const { da } = network.client
    const blob = random.bytes(size)
    const published = await da.put(blob, { retention: { days: 1 } })
    const back = await da.read(formatReference(published))
    expect(Buffer.compare(back, blob)).toBe(0)
    return published
  }

  it('certifies and reads back blobs of all sizes; the certificate needs the set alone', async () => {
    for (const size of [1, 1000, 300_000, 3_000_000]) {
      const { certificate, compact, commitment } = await putAndRead(size)
      expect(decodeBase64Url(compact)?.length).toBeLessThan(240)
      if (size > 1) continue
      const { verify } = network.client.da
      const verified = await verify(certificate, setJson())
      expect(verified).toMatchObject({ commitment, members: 24 })
      expect(verified.rowsSigned).toBeGreaterThanOrEqual(verified.rowsNeeded)
      const forged = { ...certificate, expiresAtSeconds: null }
      await expect(verify(forged, setJson())).rejects.toThrow(
        /signature is not that of the signers/,
      )
    }
  })

  it('packs small blobs of one moment into one certificate', async () => {
    const blobs = Array.from({ length: 20 }, (_, at) => random.bytes(100 + at))
    const { da } = network.client
    const put = await Promise.all(blobs.map((blob) => da.put(blob)))
    expect(new Set(put.map(({ commitment }) => commitment)).size).toBeLessThan(20)
    const back = await Promise.all(put.map((published) => da.read(formatReference(published))))
    expect(back.map((bytes) => Buffer.from(bytes))).toEqual(blobs.map((blob) => Buffer.from(blob)))
  })

  it('serves ranges as HTTP has them, and nothing a browser would run', async () => {
    const blob = random.bytes(2_500_000)
    const { commitment } = await network.client.da.put(blob)
    const url = `${network.url}/da/blobs/${commitment}`
    const part = await fetch(url, { headers: { range: 'bytes=2400000-' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      'bytes 2400000-2499999/2500000',
    ])
    expect(Buffer.compare(Buffer.from(await part.arrayBuffer()), blob.subarray(2_400_000))).toBe(0)
    expect(part.headers.get('content-security-policy')).toContain('sandbox')
    const beyond = await fetch(url, { headers: { range: 'bytes=2500000-' } })
    expect(beyond.status).toBe(416)
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('2500000')
    const bytes = await fetch(`${network.url}/da/certificates/${commitment}`, {
      headers: { accept: 'application/octet-stream' },
    })
    expect((await bytes.arrayBuffer()).byteLength).toBeLessThan(240)
    const unknown = await fetch(`${network.url}/da/blobs/${'A'.repeat(43)}`)
    expect([unknown.status, (await unknown.json()).code]).toEqual([404, 'da-blob-unknown'])
    const empty = await fetch(`${network.url}/da/blobs`, { method: 'POST', body: '' })
    expect([empty.status, (await empty.json()).code]).toEqual([400, 'da-blob-empty'])
  })

  it('samples: confidence where all is there, gaps where it is not', async () => {
    const { da } = network.client
    const { commitment } = await da.put(random.bytes(2_200_000))
    // Its last storers get their rows after the certificate.
    const every = async () => (await da.sample(commitment, { of: 'rows', samples: 192 })).gaps
    await expect.poll(every).toBe(0)
    const rows = await da.sample(commitment, { of: 'rows', samples: 10 })
    expect([rows.gaps, rows.samples.length]).toEqual([0, 10])
    expect(rows.confidence).toBeGreaterThan(0.999_99)
    const pieces = await da.sample(commitment, { of: 'pieces', samples: 8, fromByte: 0, toByte: 9 })
    expect(pieces.samples.every(({ stripe }) => stripe === 0)).toBe(true)
    expect(pieces.confidence).toBeCloseTo(1 - (63 / 192) ** 8, 6)
    for (let at = 0; at < 24; at++) network.behave(at, at % 2 === 0 ? 'gone' : 'lying')
    const hidden = await da.sample(commitment, { of: 'pieces', samples: 4 })
    for (let at = 0; at < 24; at++) network.behave(at, 'honest')
    expect([hidden.gaps, hidden.confidence]).toEqual([4, 0])
  })

  it('commands: put in parts, resume, get, verify', async () => {
    const file = join(folder, 'file.bin')
    const bytes = random.bytes(700_000)
    writeFileSync(file, bytes)
    const heddle = (...args: string[]) => {
      const given = parseCommandLine(daCommand, [...args, '--url', network.url])
      return daCommand.run({ ...given, signal: new AbortController().signal })
    }
    const manifest = () => JSON.parse(readFileSync(`${file}.da.json`, 'utf8')) as Manifest
    expect(await heddle('put', file, '--part-bytes', '300000')).toBe(0)
    const first = manifest()
    expect(first.parts.map(({ lengthBytes }) => lengthBytes)).toEqual([300_000, 300_000, 100_000])
    writeFileSync(`${file}.da.json`, JSON.stringify({ ...first, parts: first.parts.slice(0, 2) }))
    expect(await heddle('put', file, '--part-bytes', '300000', '--retention', '1h')).toBe(0)
    // The first two are as they were: only the third was put again.
    expect(manifest().parts.slice(0, 2)).toEqual(first.parts.slice(0, 2))
    expect(manifest().parts[2]?.sha256).toBe(first.parts[2]?.sha256)
    writeFileSync(`${file}.back.part`, bytes.subarray(0, 350_000))
    expect(await heddle('get', `${file}.da.json`, '-o', `${file}.back`)).toBe(0)
    expect(Buffer.compare(readFileSync(`${file}.back`), bytes)).toBe(0)
    writeFileSync(`${file}.back.part`, random.bytes(350_000))
    await expect(heddle('get', `${file}.da.json`, '-o', `${file}.back`)).rejects.toMatchObject({
      code: 'da-bytes-wrong',
    })
    expect(await heddle('verify', `${file}.da.json`, '--storers', network.setFile)).toBe(0)
    const [part] = first.parts
    const name = part?.reference ?? ''
    writeFileSync(`${file}.back.part`, random.bytes(9))
    expect(await heddle('get', name, '-o', `${file}.back`)).toBe(0)
    expect(Buffer.compare(readFileSync(`${file}.back`), bytes.subarray(0, 300_000))).toBe(0)
    const unfinished = `${file}.unfinished.json`
    writeFileSync(unfinished, JSON.stringify({ ...first, parts: first.parts.slice(0, 2) }))
    for (const verb of ['get', 'sample', 'verify']) {
      const asked = heddle(verb, unfinished, '-o', `${file}.cut`, '--storers', network.setFile)
      await expect(asked).rejects.toMatchObject({ code: 'da-manifest-unfinished' })
    }
    // Whoever asks for longer than the first put got has all put again.
    expect(await heddle('put', file, '--part-bytes', '300000', '--retention', '90d')).toBe(0)
    expect(manifest().parts.map(({ sha256 }) => sha256)).toEqual(first.parts.map((p) => p.sha256))
    expect(manifest().parts.every((p, i) => p.certificate !== first.parts[i]?.certificate)).toBe(
      true,
    )
    await expect(heddle('verify', file, '--storers', network.setFile)).rejects.toMatchObject({
      code: 'certificate',
    })
    await expect(heddle('lose', file)).rejects.toMatchObject({ code: 'usage' })
  })

  it('believes no disperser that lies about who signed', async () => {
    const { certificate } = await putAndRead(5000)
    const honest = certificateFromJson(certificate)
    const all = Array.from({ length: honest.members }, (_, place) => place)
    const unsigned = all.filter((place) => !honest.signers.includes(place))
    const lies: Certificate[] = [
      { ...honest, signers: honest.signers.slice(1) },
      { ...honest, signers: honest.signers.slice(0, 3) },
      { ...honest, expiresAtSeconds: honest.expiresAtSeconds + 60 },
      { ...honest, epoch: 1 },
    ]
    if (unsigned.length > 0) {
      const swapped = [...honest.signers.slice(1), ...unsigned.slice(0, 1)].sort((a, b) => a - b)
      lies.push({ ...honest, signers: all }, { ...honest, signers: swapped })
    }
    for (const lie of lies) {
      const body = new Uint8Array(encodeCertificate(lie))
      const headers = { 'content-type': 'application/octet-stream' }
      const url = `${network.url}/da/certificates`
      const { status } = await fetch(url, { method: 'POST', body, headers })
      expect(status).toBe(400)
      await expect(network.retriever.open(lie)).rejects.toThrow()
    }
    await expect(network.retriever.open(honest)).resolves.toBeDefined()
  })

  it('believes no node that lies: rows, fingerprints, proofs and certificates', async () => {
    const blob = random.bytes(60_000)
    const [put, other] = [await network.client.da.put(blob), await putAndRead(70_000)]
    const node = await openLyingNode(network.url)
    const { da } = network.clientOf(node.url)
    const code = (work: Promise<unknown>) => {
      const ended: Promise<unknown> = work.then(
        () => 'believed',
        (error: { code?: string }) => error.code,
      )
      return ended
    }
    const reference = formatReference(put)
    const file = join(folder, 'lied.bin')
    const get = () => {
      const args = ['get', reference, '-o', file, '--storers', network.setFile, '--url', node.url]
      const given = parseCommandLine(daCommand, args)
      return daCommand.run({ ...given, signal: new AbortController().signal })
    }
    const bent = (part: string) => (path: string, body: Uint8Array) =>
      path.includes(part)
        ? body.map((byte, at) => (at === body.length - 9 ? byte ^ 4 : byte))
        : body
    try {
      expect(Buffer.compare(await da.read(reference), blob)).toBe(0)
      node.tell(bent('/segments/'))
      expect(await code(da.read(reference))).toBe('da-row-forged')
      expect(await code(get())).toBe('da-row-forged')
      const [part = ''] = readdirSync(folder).filter((name) => name.startsWith('lied.bin.'))
      expect(readFileSync(join(folder, part))).toHaveLength(0)
      node.tell((path, body) => (path.includes('/segments/') ? body.subarray(0, 9000) : body))
      expect(await code(da.read(reference))).toBe('da-blob-cut')
      node.tell(bent('/fingerprints/'))
      expect(await code(da.read(reference))).toBe('commitment-mismatch')
      expect(await code(da.sample(put.commitment, { of: 'rows' }))).toBe('commitment-mismatch')
      node.tell(bent('/rows/'))
      const sampled = await da.sample(put.commitment, { of: 'rows', samples: 5 })
      expect([sampled.gaps, sampled.confidence]).toEqual([5, 0])
      const few = { ...put.certificate, signers: put.certificate.signers.slice(0, 5) }
      for (const [lie, found] of [
        [other.certificate, 'da-certificate-forged'],
        [few, 'certificate'],
      ] as const) {
        const body = Buffer.from(JSON.stringify(lie))
        node.tell((path, honest) => (path.includes('/certificates/') ? body : honest))
        for (const ask of [() => da.read(reference), get, () => da.sample(put.commitment)]) {
          expect(await code(ask())).toBe(found)
        }
      }
      node.tell((_path, honest) => honest)
      expect(await get()).toBe(0)
      expect(Buffer.compare(readFileSync(file), blob)).toBe(0)
    } finally {
      await node.close()
    }
  })

  it('a storer that lost its disk gets its rows back from the others', async () => {
    await putAndRead(400_000)
    const { blobs, rows, failures } = await network.repair(3)
    expect([failures, blobs > 0, rows > 0]).toEqual([[], true, true])
    expect(await network.repair(5)).toMatchObject({ blobs, failures: [] })
  })

  it('seven that are gone, stall, lie or forge change nothing; with ten gone there is no certificate', async () => {
    const ways = ['gone', 'stalled', 'lying', 'forging'] as const
    for (const [turn, at] of seven.entries()) network.behave(at, ways[turn % 4] ?? 'gone')
    for (const size of [1, 40_000, 2_500_000]) await putAndRead(size)
    // 14 storers have 28 of 48 rows, and 16 + 14 are needed.
    for (const at of [...seven, 1, 2, 3]) network.behave(at, 'gone')
    const refused = network.client.da.put(random.bytes(5000))
    await expect(refused).rejects.toMatchObject({ code: 'da-not-certified', kind: 'unavailable' })
    await expect(refused).rejects.toThrow(/30 are needed. 10 of 24 storers failed/)
  })
})
