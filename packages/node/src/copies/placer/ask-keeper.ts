import {
  challengedOffsets,
  chunkBytesMax,
  type StorageAnswer,
  verifyStorageProof,
} from '@heddle/protocol/arweave'
import { decodeBase64Url, encodeBase64Url, errorMessage } from '@heddle/protocol/base'
import {
  type CopyTerms,
  copyLimits,
  copyReleaseDraft,
  copyRequestDraft,
  type KeeperStatement,
  keepsTerms,
  openStatement,
  readCopyPromise,
  readKeeperStatement,
} from '@heddle/protocol/copies'
import { createItem } from '@heddle/protocol/item'
import { keeperFailed } from '../errors.ts'
import type { KeeperPlace, PromisedItem } from '../face.ts'
import { frameRequest } from '../keeper/split-request.ts'
import type { CopiesOptions } from '../options.ts'
import type { CopiesDeps, StoredData } from '../ports.ts'

type AskOptions = Pick<
  CopiesOptions,
  'askTimeoutMs' | 'copyTimeoutMs' | 'copyBytesPerSecond' | 'challengedBytes'
>
export type AskParts = {
  readonly deps: CopiesDeps
  readonly options: AskOptions
  /** This node's own address. */
  readonly address: string
  /** Aborted when the node closes. */
  readonly signal: AbortSignal
}

const nonceBytes = 32
/** A chunk and its path as JSON, for each byte asked for: base64 and names take a third more. */
const answerBytesMax = chunkBytesMax * 2

/** What a keeper says of itself, to this node, now. Throws `keeper-failed`. */
export async function askStatement(parts: AskParts, keeper: KeeperPlace): Promise<KeeperStatement> {
  const { engine, runtime } = parts.deps
  const nonce = runtime.random.bytes(nonceBytes)
  const query = new URLSearchParams({ nonce: encodeBase64Url(nonce), placer: parts.address })
  const bytes = await call(parts, keeper, `/copies/keeper?${query}`, copyLimits.statementBytes)
  const item = await openStatement(bytes, copyLimits.statementBytes, engine)
  const said = item && readKeeperStatement(item, engine)
  const isNew = said !== undefined && encodeBase64Url(said.nonce) === encodeBase64Url(nonce)
  if (!isNew || said.placer !== parts.address) throw keeperFailed(keeper.url, 'it states nothing')
  if (said.keeper !== keeper.address) {
    throw keeperFailed(keeper.url, `it signs as ${said.keeper}, not as ${keeper.address}`)
  }
  return said
}

/** A request, signed; its id is known before any keeper hears of it. */
export async function signRequest(
  { deps: { engine, runtime, signer } }: AskParts,
  { id, header, data, retention: { untilMs } }: PromisedItem,
  keeper: KeeperPlace,
): Promise<{ readonly request: string; readonly bytes: Uint8Array }> {
  const until = untilMs === undefined ? {} : { untilMs }
  const terms = { keeper: keeper.address, item: id, ...data, ...until }
  const nonce = runtime.random.bytes(nonceBytes)
  const draft = copyRequestDraft(terms, { timeMs: runtime.clock.nowMs(), header, nonce })
  const item = await createItem(draft, signer, engine)
  return { request: item.id, bytes: item.bytes }
}

/** Sends a request with the data; gives the promise, its terms checked. Throws `keeper-failed`. */
export async function sendCopy(
  parts: AskParts,
  { id, data, retention: { untilMs } }: PromisedItem,
  keeper: KeeperPlace,
  signed: { readonly request: string; readonly bytes: Uint8Array },
): Promise<Uint8Array> {
  const { store, engine } = parts.deps
  const { copyTimeoutMs, copyBytesPerSecond } = parts.options
  async function* body() {
    yield frameRequest(signed.bytes)
    // Copied: what the store gives may be used again before the system has sent it.
    for await (const part of store.read(data, 0, data.sizeBytes)) yield new Uint8Array(part)
  }
  const timeoutMs = copyTimeoutMs + Math.ceil((1000 * data.sizeBytes) / copyBytesPerSecond)
  const promise = await call(parts, keeper, '/copies/hold', copyLimits.statementBytes, {
    body: streamOf(body()),
    timeoutMs,
  })
  const item = await openStatement(promise, copyLimits.statementBytes, engine)
  const promised = item && readCopyPromise(item, engine)
  const until = untilMs === undefined ? {} : { untilMs }
  const terms: CopyTerms = {
    ...{ keeper: keeper.address, placer: parts.address, item: id },
    ...{ ...data, ...until },
  }
  if (promised === undefined || !keepsTerms(promised, terms, signed.request)) {
    throw keeperFailed(keeper.url, 'it promised something else than was asked')
  }
  return promise
}

/** Asks a keeper for bytes it could not foresee, and checks what it gives. Throws `keeper-failed`. */
export async function challengeKeeper(
  parts: AskParts,
  { dataRoot, sizeBytes }: StoredData,
  keeper: KeeperPlace,
  nonce: Uint8Array,
): Promise<void> {
  const { engine } = parts.deps
  const challenge = { ...challengeOf(parts, { dataRoot, sizeBytes }), nonce }
  const query = new URLSearchParams({ root: dataRoot, size: String(sizeBytes) })
  query.set('nonce', encodeBase64Url(nonce))
  query.set('count', String(challenge.count))
  const bytesMax = answerBytesMax * challenge.count
  const json = readJson(await call(parts, keeper, `/store/proof?${query}`, bytesMax))
  const given = Array.isArray(json?.answers) ? json.answers.map(answerOf) : []
  if (!verifyStorageProof(challenge, given, engine)) {
    throw keeperFailed(keeper.url, 'its answer to a challenge does not check out')
  }
}

/** Bytes of this node's own copy that a challenge of the same nonce asks for. */
export function challengedBytes(parts: AskParts, data: StoredData, nonce: Uint8Array): number[] {
  return challengedOffsets({ ...challengeOf(parts, data), nonce }, parts.deps.engine)
}

/** A chunk of a copy as a keeper gives it; whoever takes it checks it. Throws `keeper-failed`. */
export async function fetchChunk(
  parts: AskParts,
  { dataRoot, sizeBytes }: StoredData,
  keeper: KeeperPlace,
  offset: number,
): Promise<StorageAnswer> {
  const path = `/copies/chunk/${dataRoot}/${sizeBytes}/${offset}`
  return answerOf(readJson(await call(parts, keeper, path, answerBytesMax)))
}

/** Tells a keeper that a request is ended. Throws `keeper-failed`. */
export async function sendRelease(
  parts: AskParts,
  request: string,
  keeper: KeeperPlace,
): Promise<void> {
  const { engine, signer } = parts.deps
  const draft = copyReleaseDraft({ keeper: keeper.address, request })
  const { bytes } = await createItem(draft, signer, engine)
  const body = new Uint8Array(bytes)
  await call(parts, keeper, '/copies/release', copyLimits.statementBytes, { body })
}

function streamOf(parts: AsyncGenerator<Uint8Array>): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      const next = await parts.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
    cancel: async () => void (await parts.return(undefined)),
  })
}

function challengeOf({ options }: AskParts, { dataRoot, sizeBytes }: StoredData) {
  const root = decodeBase64Url(dataRoot) ?? new Uint8Array(0)
  // One chunk answers for all bytes of data that has no other.
  const count = sizeBytes <= chunkBytesMax ? 1 : options.challengedBytes
  return { root, sizeBytes, count }
}

type Json = Readonly<Record<string, unknown>>

function readJson(bytes: Uint8Array): Json | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** What does not read is an answer that proves nothing. */
function answerOf(value: unknown): StorageAnswer {
  const { chunk, data_path: path } = (value ?? {}) as Json
  const bytes = (text: unknown) =>
    (typeof text === 'string' ? decodeBase64Url(text) : undefined) ?? new Uint8Array(0)
  return { bytes: bytes(chunk), path: bytes(path) }
}

type Body = {
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream
  readonly timeoutMs?: number
}

/** One request to a keeper, its answer read up to a size. */
async function call(
  { deps, options, signal }: AskParts,
  { url }: KeeperPlace,
  path: string,
  bytesMax: number,
  { body, timeoutMs = options.askTimeoutMs }: Body = {},
): Promise<Uint8Array> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const type = { 'content-type': 'application/octet-stream' }
  const sent = body && { method: 'POST', headers: type, body, duplex: 'half' as const }
  try {
    // A keeper that sends elsewhere is none: this node asks only whom its operator named.
    const reply = await deps.fetch(url + path, { ...sent, redirect: 'error', signal: within })
    const bytes = await readLimited(reply, bytesMax)
    if (reply.ok) return bytes
    const { error } = readJson(bytes) ?? {}
    throw new Error(`it answered ${reply.status}: ${String(error ?? '').slice(0, 300)}`)
  } catch (cause) {
    signal.throwIfAborted()
    throw keeperFailed(url, reasonOf(cause), cause)
  }
}

/** What the system said, where fetch only says that it failed. */
function reasonOf(error: unknown): string {
  const under = error instanceof Error ? error.cause : undefined
  return under === undefined ? errorMessage(error) : errorMessage(under)
}

async function readLimited(reply: Response, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of reply.body ?? []) {
    length += part.length
    if (length > bytesMax) throw new Error(`more than ${bytesMax} bytes came`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
