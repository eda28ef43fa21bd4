import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { permanentRetention, tagsOfRetention } from '@heddle/protocol/params'
import type { Client, Tag, UploadProgress, UploadRetention } from '@heddle/sdk'
import { remark } from '../output.ts'
import { createProgressBar, type ProgressBar } from './da-progress.ts'
import { createStateWriter, readUploadState, removeUploadState } from './upload-state.ts'

type File = { readonly path: string; readonly sizeBytes: number; readonly modifiedMs: number }

/** Throws `file-unreadable`. */
export async function statFile(path: string): Promise<File> {
  try {
    const { size, mtimeMs } = await stat(path)
    return { path, sizeBytes: size, modifiedMs: mtimeMs }
  } catch (cause) {
    const text = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unreadable', 'invalid', text, { path }, { cause })
  }
}

/** What an upload says of itself, and how it is to be kept. */
type Asked = { readonly tags: readonly Tag[]; readonly retention: UploadRetention | undefined }

/** Uploads a file in parts, with a bar; `FILE.upload.json` beside it lets another try go on. */
export async function uploadFile(
  client: Client,
  { path, sizeBytes, modifiedMs }: File,
  { tags, retention }: Asked,
  signal: AbortSignal,
): Promise<string> {
  const statePath = `${path}.upload.json`
  const all = [...tags, ...tagsOfRetention({ ...permanentRetention, ...retention })]
  const facts = { url: client.url, modifiedMs, tags: all, owner: client.address }
  const resume = await readUploadState(statePath, facts)
  if (resume !== undefined) {
    const doneBytes = Math.min(sizeBytes, resume.done.length * resume.partBytes)
    remark(`${doneBytes} bytes are sent already; going on behind them`)
  }
  const data = await openAsBlob(path)
  const bars = { hashing: createProgressBar('hashing'), sending: createProgressBar('sending') }
  const onState = createStateWriter(statePath, facts)
  const onProgress = (progress: UploadProgress) => show(bars, progress)
  try {
    const given = { data, tags: all, signal, onProgress, onState, ...(resume && { resume }) }
    const id = await client.upload(given)
    await removeUploadState(statePath)
    return id
  } catch (error) {
    // What is signed is not what was sent: the file changed meanwhile.
    if (error instanceof HeddleError && error.kind === 'invalid') await removeUploadState(statePath)
    else remark(`run it again to go on: ${statePath} says how far it is`)
    throw error
  } finally {
    bars.sending.end()
  }
}

type Bars = Readonly<Record<UploadProgress['phase'], ProgressBar>>

function show(bars: Bars, { phase, doneBytes, sizeBytes }: UploadProgress): void {
  bars[phase].show(doneBytes, sizeBytes)
}
