import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { formatReference, type PublishedBlob, type Retention } from '@heddle/sdk'
import { type Flags, type Given, textFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, remark } from '../output.ts'
import { type Manifest, type ManifestPart, readManifest, writeManifest } from './da-manifest.ts'
import { createProgressBar } from './da-progress.ts'

const partBytesDefault = 64 * 1024 * 1024
const partBytesMax = 256 * 1024 * 1024
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `heddle da put FILE`: in parts, each certified; goes on where an earlier try ended. */
export async function putCommandOfDa({ values: [file], flags, signal }: Given): Promise<number> {
  if (file === undefined) throw usageError('heddle da put: name a FILE, or - for standard input')
  const input = { ...retentionFlag(flags), signal }
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
    let manifest = await beginManifest(handle, file, out, partBytesFlag(flags))
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

/** Goes on with the parts of an earlier try that are still what the file holds. */
async function beginManifest(
  handle: FileHandle,
  file: string,
  out: string,
  partBytes: number,
): Promise<Manifest> {
  const lengthBytes = (await handle.stat()).size
  if (lengthBytes === 0) throw usageError(`heddle da put ${file}: the file is empty`)
  const fresh: Manifest = { version: 1, name: basename(file), lengthBytes, partBytes, parts: [] }
  const known = await readManifest(out)
  if (known?.lengthBytes !== lengthBytes || known.partBytes !== partBytes) return fresh
  const parts: ManifestPart[] = []
  let at = 0
  for (const part of known.parts) {
    if (sha256(await readPart(handle, at, fresh)) !== part.sha256) break
    parts.push(part)
    at += part.lengthBytes
  }
  if (parts.length > 0) remark(`${at} bytes are published already; going on behind them`)
  return { ...fresh, parts }
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

function retentionFlag(flags: Flags): { readonly retention?: Retention } {
  const text = textFlag(flags, 'retention')
  if (text === undefined) return {}
  if (text === 'permanent') return { retention: text }
  const [, count = '', unit = 's'] = /^([1-9]\d{0,8})([smhd])?$/.exec(text) ?? []
  if (count === '') throw usageError(`--retention ${text}: give 3600, 90m, 12h, 30d or permanent`)
  return { retention: { seconds: Number(count) * (unitSeconds[unit] ?? 1) } }
}
