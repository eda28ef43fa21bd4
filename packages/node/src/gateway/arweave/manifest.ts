import { decodeText } from '@heddle/protocol/base'
import { readId } from '../catalog/id.ts'
import { manifestInvalid } from '../errors.ts'

export const manifestType = 'application/x.arweave-manifest+json'
/** Largest manifest opened, bytes; some hundred thousand paths. */
export const manifestBytesMax = 8 * 1024 * 1024

/** A map of paths to ids (`arweave/paths` 0.1 and 0.2). Ids are checked when they are used. */
export type Manifest = {
  readonly paths: ReadonlyMap<string, string>
  /** What the bare id shows. */
  readonly index: string | undefined
  /** What any other path shows. */
  readonly fallback: string | undefined
}

/** Throws `manifest-invalid`. */
export function parseManifest(bytes: Uint8Array): Manifest {
  const json = readJson(bytes)
  if (!isFields(json) || json.manifest !== 'arweave/paths') {
    throw manifestInvalid('it is not of type arweave/paths')
  }
  if (!isFields(json.paths)) throw manifestInvalid('it has no paths')
  const paths = new Map<string, string>()
  for (const [path, entry] of Object.entries(json.paths)) {
    if (isFields(entry) && typeof entry.id === 'string') paths.set(path, entry.id)
  }
  const { index, fallback } = json
  return { paths, index: indexOf(index, paths), fallback: idOf(fallback) }
}

/** The id a path leads to: as listed, with or without a slash at its end, or the fallback. */
export function resolvePath(manifest: Manifest, path: string): string | undefined {
  const { paths, index, fallback } = manifest
  if (path === '') return index ?? fallback
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  const id = paths.get(path) ?? paths.get(other) ?? fallback
  return id !== undefined && readId(id) !== undefined ? id : undefined
}

/** Version 0.1 names a path, 0.2 a path or an id. */
function indexOf(index: unknown, paths: ReadonlyMap<string, string>): string | undefined {
  if (!isFields(index)) return undefined
  const id = idOf(index) ?? (typeof index.path === 'string' ? paths.get(index.path) : undefined)
  return id !== undefined && readId(id) !== undefined ? id : undefined
}

function idOf(value: unknown): string | undefined {
  const id = isFields(value) ? value.id : undefined
  return typeof id === 'string' && readId(id) !== undefined ? id : undefined
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(bytes))
  } catch {
    throw manifestInvalid('it is not JSON')
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
