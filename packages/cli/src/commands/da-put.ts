import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { createRuntime } from '@heddle/node/runtime'
import { decodeBase64Url, errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'
import { type Client, formatReference, type PublishedBlob } from '@heddle/sdk'
import { type Flags, type Given, textFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, remark } from '../output.ts'
import {
  isKeptLongEnough,
  type Manifest,
  type ManifestPart,
  readManifest,
  writeManifest,
} from './da-manifest.ts'
import { createProgressBar } from './da-progress.ts'

const partBytesDefault = 64 * 1024 * 1024
const partBytesMax = 256 * 1024 * 1024
const retentionDefault = '30d'
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `heddle da put FILE`: in parts, each certified; goes on where an earlier try ended. */
export async function putCommandOfDa({ values: [file], flags, signal }: Given): Promise<number> {
  if (file === undefined) throw usageError('heddle da put: name a FILE, or - for standard input')
  const retention = retentionFlag(flags)
  const input = { retention, signal }
  const { da } = connect(flags)
  if (file === '-') {
    const published = await da.put(process.stdin, input)
    tellFaults(published)
    answer(flags.json === true, published, formatReference(referenceOf(published)))
    return 0
  }
  const out = textFlag(flags, 'out') ?? `${file}.da.json`
  const handle = await openFile(file)
  try {
    const fresh = await freshManifest(handle, file, partBytesFlag(flags))
    let manifest = await withEarlierParts(da, handle, fresh, { out, retention, signal })
    const bar = createProgressBar('putting')
    const doneBytes = () => manifest.parts.reduce((sum, part) => sum + part.lengthBytes, 0)
    while (doneBytes() < manifest.lengthBytes) {
      const before = doneBytes()
      const bytes = await readPart(handle, before, manifest)
      const onProgress = (sent: number) => bar.show(before + sent, manifest.lengthBytes)
      const published = await da.put(bytes, { ...input, onProgress }).finally(() => bar.end())
      tellFaults(published)
      manifest = { ...manifest, parts: [...manifest.parts, partOf(published, bytes)] }
      await writeManifest(out, manifest)
    }
    const lines = manifest.parts.map(({ reference, lengthBytes }) => `${reference}  ${lengthBytes}`)
    answer(flags.json === true, { ...manifest, manifest: out }, [...lines, out].join('\n'))
    return 0
  } finally {
    await handle.close()
  }
}

function referenceOf({ commitment, fromByte, toByte, certificate }: PublishedBlob) {
  const isAll = fromByte === 0 && toByte === certificate.lengthBytes
  return isAll ? { commitment } : { commitment, fromByte, toByte }
}

function partOf(published: PublishedBlob, bytes: Uint8Array): ManifestPart {
  return {
    reference: formatReference(referenceOf(published)),
    lengthBytes: bytes.length,
    sha256: sha256(bytes),
    certificate: published.compact,
  }
}

async function freshManifest(
  handle: FileHandle,
  file: string,
  partBytes: number,
): Promise<Manifest> {
  const stat = await handle.stat()
  if (!stat.isFile()) {
    throw usageError(`heddle da put ${file}: name a file, or - for standard input`)
  }
  if (stat.size === 0) throw usageError(`heddle da put ${file}: the file is empty`)
  return { version: 1, name: basename(file), lengthBytes: stat.size, partBytes, parts: [] }
}

type Earlier = {
  readonly out: string
  readonly retention: KnownRetention
  readonly signal: AbortSignal
}

/**
 * Goes on with the parts of an earlier try, as far as they are still what the file holds, are kept for
 * about as long as is asked now, and are certified by the storers of this node.
 */
async function withEarlierParts(
  da: Client['da'],
  handle: FileHandle,
  fresh: Manifest,
  { out, retention, signal }: Earlier,
): Promise<Manifest> {
  const known = await readManifest(out)
  if (known?.lengthBytes !== fresh.lengthBytes || known.partBytes !== fresh.partBytes) return fresh
  const nowSeconds = createRuntime().clock.nowMs() / 1000
  const parts: ManifestPart[] = []
  let at = 0
  for (const part of known.parts) {
    if (!isKeptLongEnough(part, retention, nowSeconds)) break
    if (sha256(await readPart(handle, at, fresh)) !== part.sha256) break
    if (!(await isKnownThere(da, part, signal))) break
    parts.push(part)
    at += part.lengthBytes
  }
  if (parts.length > 0) remark(`${at} bytes are published already; going on behind them`)
  return { ...fresh, parts }
}

/** The node checks the certificate against its storers; one of another network it refuses. */
async function isKnownThere(
  da: Client['da'],
  { certificate }: ManifestPart,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await da.keep(decodeBase64Url(certificate) ?? new Uint8Array(0), signal)
    return true
  } catch (error) {
    if (isHeddleError(error, 'certificate')) return false
    throw error
  }
}

async function readPart(
  handle: FileHandle,
  at: number,
  { lengthBytes, partBytes }: Manifest,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(partBytes, lengthBytes - at))
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, at)
  if (bytesRead === bytes.length) return bytes
  throw new HeddleError('file-changed', 'conflict', 'the file changed while it was read: try again')
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const text = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unreadable', 'invalid', text, { path }, { cause })
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function tellFaults({ faults }: PublishedBlob): void {
  if (faults.length === 0) return
  const named = faults.slice(0, 3).map(({ storer, fault }) => `${storer.slice(0, 10)}… ${fault}`)
  remark(`certified without ${faults.length} storers (${named.join('; ')})`)
}

function partBytesFlag(flags: Flags): number {
  const text = textFlag(flags, 'part-bytes')
  if (text === undefined) return partBytesDefault
  const bytes = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (bytes >= 1 && bytes <= partBytesMax) return bytes
  throw usageError(`--part-bytes ${text}: give a whole number from 1 to ${partBytesMax}`)
}

type KnownRetention = 'permanent' | { readonly seconds: number }

function retentionFlag(flags: Flags): KnownRetention {
  const text = textFlag(flags, 'retention') ?? retentionDefault
  if (text === 'permanent') return text
  const [, count = '', unit = 's'] = /^([1-9]\d{0,8})([smhd])?$/.exec(text) ?? []
  if (count === '') throw usageError(`--retention ${text}: give 3600, 90m, 12h, 30d or permanent`)
  return { seconds: Number(count) * (unitSeconds[unit] ?? 1) }
}
