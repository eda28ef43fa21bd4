import { readFile, rename, writeFile } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'

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
    typeof sha256 === 'string' &&
    typeof certificate === 'string'
  )
}
