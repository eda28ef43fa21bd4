import { createHash } from 'node:crypto'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { decodeBase64Url, errorMessage, HeddleError } from '@heddle/protocol/base'
import { type Client, parseReference } from '@heddle/sdk'
import { type Given, textFlag, usageError } from '../command.ts'
import { answer, remark } from '../output.ts'
import { readWholeManifest } from './da-manifest.ts'
import { createProgressBar, type ProgressBar } from './da-progress.ts'
import { connectDaReader } from './da-reader.ts'

/** Bytes to fetch: a part of a manifest with its hash, or a blob by its name alone. */
type Piece = {
  readonly reference: string
  readonly lengthBytes: number
  readonly sha256?: string
  /** Compact bytes, base64url. */
  readonly certificate?: string
}

/** `heddle da get BLOB`: to standard output, or to a file, going on where an earlier try ended. */
export async function getCommandOfDa({ values: [name], flags, signal }: Given): Promise<number> {
  if (name === undefined) throw usageError('heddle da get: name a commitment or a manifest')
  const da = await connectDaReader(flags)
  const pieces = await piecesOf(da, name, signal)
  const totalBytes = pieces.reduce((sum, piece) => sum + piece.lengthBytes, 0)
  const out = textFlag(flags, 'out')
  const bar = createProgressBar('getting')
  if (out === undefined) {
    await writeOut(da, pieces, signal)
    return 0
  }
  const partPath = partPathOf(out, pieces)
  const file = await openPart(partPath)
  try {
    await fetchInto(da, file, pieces, { signal, bar, totalBytes })
  } finally {
    bar.end()
    await file.close()
  }
  await rename(partPath, out)
  answer(flags.json === true, { out, lengthBytes: totalBytes }, `${totalBytes} bytes  ${out}`)
  return 0
}

/**
 * Where bytes lie until all are there. Those of a manifest are checked by its hashes before they count; what
 * has no hash is told by the name, so that no blob goes on behind the bytes of another.
 */
export function partPathOf(out: string, pieces: readonly Piece[]): string {
  const unhashed = pieces.find(({ sha256 }) => sha256 === undefined)
  if (unhashed === undefined) return `${out}.part`
  return `${out}.${unhashed.reference.replace(':', '.')}.part`
}

async function piecesOf(da: Client['da'], name: string, signal: AbortSignal): Promise<Piece[]> {
  const manifest = await readWholeManifest(name)
  if (manifest !== undefined) return [...manifest.parts]
  const { commitment, fromByte = 0, toByte } = parseReference(name)
  const end = toByte ?? (await da.certificate(commitment, signal)).parameters.lengthBytes
  return [{ reference: `${commitment}:${fromByte}-${end}`, lengthBytes: end - fromByte }]
}

async function writeOut(
  da: Client['da'],
  pieces: readonly Piece[],
  signal: AbortSignal,
): Promise<void> {
  for (const piece of pieces) {
    const hash = createHash('sha256')
    await tellCertificate(da, piece, signal)
    for await (const bytes of da.get(piece.reference, { signal, ...certificateOf(piece) })) {
      hash.update(bytes)
      if (!process.stdout.write(bytes)) {
        await new Promise((resolve) => process.stdout.once('drain', resolve))
      }
    }
    checkHash(piece, hash.digest('hex'))
  }
}

type Work = {
  readonly signal: AbortSignal
  readonly bar: ProgressBar
  readonly totalBytes: number
}

async function fetchInto(
  da: Client['da'],
  file: FileHandle,
  pieces: readonly Piece[],
  { signal, bar, totalBytes }: Work,
): Promise<void> {
  const { size } = await file.stat()
  if (size > 0) remark(`${size} bytes are there already; going on behind them`)
  let startByte = 0
  for (const piece of pieces) {
    const haveBytes = Math.min(piece.lengthBytes, Math.max(0, size - startByte))
    const hash = createHash('sha256')
    await hashFrom(file, startByte, haveBytes, hash)
    let at = haveBytes
    if (at < piece.lengthBytes) {
      const { commitment, fromByte = 0 } = parseReference(piece.reference)
      const range = { fromByte: fromByte + at, toByte: fromByte + piece.lengthBytes }
      const input = { signal, ...certificateOf(piece) }
      await tellCertificate(da, piece, signal)
      for await (const bytes of da.get({ commitment, ...range }, input)) {
        hash.update(bytes)
        await file.write(bytes, 0, bytes.length, startByte + at)
        at += bytes.length
        bar.show(startByte + at, totalBytes)
      }
    }
    if (!isRight(piece, hash.digest('hex'))) {
      // What is wrong may be from an earlier try: the next one starts here again.
      await file.truncate(startByte)
      throw wrongBytes(piece)
    }
    startByte += piece.lengthBytes
  }
  await file.truncate(totalBytes)
  await file.sync()
}

/** A node that did not publish the part can read it once it has the certificate. */
async function tellCertificate(da: Client['da'], piece: Piece, signal: AbortSignal): Promise<void> {
  const { certificate } = certificateOf(piece)
  if (certificate !== undefined) await da.keep(certificate, signal)
}

/** What a manifest says is not asked of the node. */
function certificateOf({ certificate }: Piece): { readonly certificate?: Uint8Array } {
  const bytes = decodeBase64Url(certificate ?? '')
  return bytes === undefined || bytes.length === 0 ? {} : { certificate: bytes }
}

async function hashFrom(
  file: FileHandle,
  startByte: number,
  lengthBytes: number,
  hash: ReturnType<typeof createHash>,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(lengthBytes, 1024 * 1024))
  for (let at = 0; at < lengthBytes; ) {
    const wanted = Math.min(buffer.length, lengthBytes - at)
    const { bytesRead } = await file.read(buffer, 0, wanted, startByte + at)
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
    if (bytesRead === 0) return
  }
}

function isRight({ sha256 }: Piece, measured: string): boolean {
  return sha256 === undefined || sha256 === measured
}

function checkHash(piece: Piece, measured: string): void {
  if (!isRight(piece, measured)) throw wrongBytes(piece)
}

function wrongBytes({ reference }: Piece): HeddleError {
  const text = `what came for ${reference} is not what was put: ask another node (--url)`
  return new HeddleError('da-bytes-wrong', 'invalid', text, { reference })
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+').then(async (made) => {
      await made.close()
      return open(path, 'r+')
    })
  } catch (cause) {
    const text = `cannot write ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unwritable', 'unavailable', text, { path }, { cause })
  }
}
