import { encodeText, isHeddleError } from '@heddle/protocol/base'
import { weaveDrive } from '@heddle/protocol/params'
import type { DriveContent, DriveSource } from '../ports.ts'
import { type AdmissionDependencies, admitPath } from './admission.ts'
import { Attestations, type AttestationsDependencies } from './attestations.ts'
import { driveMissing } from './errors.ts'
import { type DrivePath, parseDrivePath } from './path.ts'
import type { DriveRule } from './rule.ts'
import { nodeText, transactionText } from './texts.ts'

/** A window of a file, which a message at `slot` asks for; the first one opens it. */
export type WindowRequest = {
  readonly rule: DriveRule
  readonly slot: number
  readonly path: string
  readonly window: number
}

export type FileWindow = { readonly sizeBytes: number; readonly bytes: Uint8Array }

/**
 * Answers for the drives of all processes. Rejects with `weave-drive-refused` where the log says no, and
 * with `weave-drive-missing` for all that this node cannot do now.
 */
export type DriveService = (request: WindowRequest) => Promise<FileWindow>

export type DriveDependencies = AttestationsDependencies & { readonly source: DriveSource }

/** A file whose bytes may be given: what it is made of was checked against its id. */
type File = Pick<DriveContent, 'sizeBytes' | 'read'> & {
  /** What it holds in memory. */
  readonly heldBytes: number
}

/** Files kept open, and what those may hold in memory together unless it is one alone, bytes. */
const filesMax = 64
const filesBytesMax = 64 * 2 ** 20

export function openWeaveDrive(dependencies: DriveDependencies): DriveService {
  const attestations = new Attestations(dependencies)
  const admission = { ...dependencies, attestations }
  const files = new OpenFiles((path, id) => loadFile(dependencies, path, id))
  return async (request) => {
    try {
      return await readWindow(admission, files, request)
    } catch (error) {
      if (isHeddleError(error, 'weave-drive-refused')) throw error
      if (isHeddleError(error) && error.kind === 'missing') throw error
      // Whatever went wrong here, it says nothing of the message.
      const { path, rule, slot } = request
      throw driveMissing(path, rule.processId, slot, error)
    }
  }
}

async function readWindow(
  admission: AdmissionDependencies,
  files: OpenFiles,
  { rule, slot, path, window }: WindowRequest,
): Promise<FileWindow> {
  const parsed = parseDrivePath(path)
  const missing = driveMissing(path, rule.processId, slot)
  if (parsed === undefined) throw missing
  const id = await admitPath(admission, rule, parsed, slot)
  const file = await files.get(path, parsed, id)
  if (file === undefined) throw missing
  const { sizeBytes } = file
  const fromByte = Math.min(sizeBytes, window * weaveDrive.windowBytes)
  const bytes = new Uint8Array(Math.min(weaveDrive.windowBytes, sizeBytes - fromByte))
  let at = 0
  for await (const part of file.read(fromByte, fromByte + bytes.length)) {
    bytes.set(part.subarray(0, bytes.length - at), at)
    at += part.length
  }
  if (at < bytes.length) throw missing
  return { sizeBytes, bytes }
}

/** Files opened lately. What an id names never changes, so one serves all processes. */
class OpenFiles {
  readonly #load: (path: DrivePath, id: string) => Promise<File | undefined>
  readonly #files = new Map<string, File>()
  #bytes = 0

  constructor(load: (path: DrivePath, id: string) => Promise<File | undefined>) {
    this.#load = load
  }

  async get(path: string, parsed: DrivePath, id: string): Promise<File | undefined> {
    const key = parsed.kind === 'block' ? `${path}/${id}` : path
    const known = this.#files.get(key)
    if (known !== undefined) return known
    const file = await this.#load(parsed, id)
    // Two messages may have loaded it at once.
    if (file === undefined || this.#files.has(key)) return file
    for (const [oldest, { heldBytes }] of this.#files) {
      const fits = this.#bytes + file.heldBytes <= filesBytesMax
      if (fits && this.#files.size < filesMax) break
      this.#files.delete(oldest)
      this.#bytes -= heldBytes
    }
    this.#files.set(key, file)
    this.#bytes += file.heldBytes
    return file
  }
}

async function loadFile(
  { source, verify, engine }: DriveDependencies,
  path: DrivePath,
  id: string,
): Promise<File | undefined> {
  if (path.kind === 'block') {
    const block = await source.block(id)
    const isIt = block?.indep_hash === id && block.height === path.height
    return isIt ? textFile(encodeText(JSON.stringify(block))) : undefined
  }
  const content = await source.content(id)
  if (content === undefined || content.header.id !== id) return undefined
  const { item } = content
  if (item !== undefined && !(item.id === id && (await verify(item)))) return undefined
  switch (path.kind) {
    case 'data':
      return { ...content, heldBytes: item === undefined ? 0 : content.sizeBytes }
    case 'tx':
      return textFile(transactionText(content.header, engine))
    case 'tx2':
      return textFile(nodeText(content.header, engine))
  }
}

function textFile(bytes: Uint8Array): File {
  return {
    sizeBytes: bytes.length,
    heldBytes: bytes.length,
    async *read(fromByte, toByte) {
      yield bytes.subarray(fromByte, toByte)
    },
  }
}
