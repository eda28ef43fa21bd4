import { readFile, rename, writeFile } from 'node:fs/promises'
import { decodeBase64Url, errorMessage, HeddleError } from '@heddle/protocol/base'
import { decodeCertificate } from '@heddle/protocol/certificate'
import { permanent } from '@heddle/protocol/params'

/** One part of a file: where it is published, and the hash of its bytes. */
export type ManifestPart = {
  /** `COMMITMENT` or `COMMITMENT:FROM-TO`. */
  readonly reference: string
  readonly lengthBytes: number
  /** SHA-256, hex. */
  readonly sha256: string
  /** Compact bytes, base64url. */
  readonly certificate: string
}

/** What `heddle da put` writes beside a file: all that is needed to read and to verify it. */
export type Manifest = {
  readonly version: 1
  readonly name: string
  readonly lengthBytes: number
  readonly partBytes: number
  /** Parts published so far, in order. */
  readonly parts: readonly ManifestPart[]
}

/** The manifest in a file; undefined where there is no file, or it holds something else. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isManifest(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** The same, to read from; throws `da-manifest-unfinished` where its put has not come to the end. */
export async function readWholeManifest(path: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(path)
  if (manifest === undefined) return undefined
  const { lengthBytes, parts } = manifest
  const putBytes = parts.reduce((sum, part) => sum + part.lengthBytes, 0)
  if (putBytes === lengthBytes) return manifest
  const text =
    `${path} names ${putBytes} of the ${lengthBytes} bytes of ${manifest.name}: its put broke off. ` +
    'Run heddle da put again where the file is, it goes on there.'
  throw new HeddleError('da-manifest-unfinished', 'conflict', text, { putBytes, lengthBytes })
}

/** Replaces the file as one step, so that a put that breaks off can be resumed from it. */
export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  try {
    await writeFile(`${path}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`)
    await rename(`${path}.new`, path)
  } catch (cause) {
    const text = `cannot write ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unwritable', 'unavailable', text, { path }, { cause })
  }
}

/** A part is as good as put now where at most this share of the time asked for is gone. */
const goneShareMax = 0.1

/** Whether the storers that promised to keep a part do so for about the time a put now would get. */
export function isKeptLongEnough(
  { certificate }: ManifestPart,
  retention: 'permanent' | { readonly seconds: number },
  nowSeconds: number,
): boolean {
  const bytes = decodeBase64Url(certificate)
  if (bytes === undefined) return false
  try {
    const { expiresAtSeconds } = decodeCertificate(bytes)
    if (expiresAtSeconds === permanent) return true
    if (retention === 'permanent') return false
    return expiresAtSeconds >= nowSeconds + retention.seconds * (1 - goneShareMax)
  } catch {
    return false
  }
}

function isManifest(json: unknown): json is Manifest {
  if (typeof json !== 'object' || json === null) return false
  const { version, name, lengthBytes, partBytes, parts } = json as Record<string, unknown>
  return (
    version === 1 &&
    typeof name === 'string' &&
    Number.isSafeInteger(lengthBytes) &&
    Number.isSafeInteger(partBytes) &&
    Array.isArray(parts) &&
    parts.every(isPart)
  )
}

function isPart(json: unknown): json is ManifestPart {
  if (typeof json !== 'object' || json === null) return false
  const { reference, lengthBytes, sha256, certificate } = json as Record<string, unknown>
  return (
    typeof reference === 'string' &&
    Number.isSafeInteger(lengthBytes) &&
    Number(lengthBytes) > 0 &&
    typeof sha256 === 'string' &&
    typeof certificate === 'string'
  )
}
