import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { Client, Download } from '@heddle/sdk'
import { remark } from '../output.ts'
import { createProgressBar } from './da-progress.ts'

/**
 * Downloads data into a file, which gets its name only once all of it is checked; `FILE.part` lets another
 * try go on. What is there already is checked again.
 */
export async function getFile(
  client: Client,
  id: string,
  path: string,
  signal: AbortSignal,
): Promise<Download> {
  const partPath = `${path}.${id}.part`
  const hadBytes = await sizeOf(partPath)
  if (hadBytes > 0) remark(`${hadBytes} bytes are here already; going on behind them`)
  const bar = createProgressBar('fetching')
  const already = hadBytes > 0 ? { already: createReadStream(partPath) } : {}
  const input = {
    ...already,
    signal,
    onProgress: (done: number, size: number) => bar.show(done, size),
  }
  const found = await client.download(id, input)
  try {
    await writeBehind(partPath, hadBytes, found.data)
  } catch (error) {
    // Bytes that do not hold are of no use to another try.
    const isBad = isHeddleError(error, 'item-forged') || isHeddleError(error, 'resume-too-long')
    if (isBad) await rm(partPath, { force: true })
    else remark(`run it again to go on: ${partPath} has what came`)
    throw error
  } finally {
    bar.end()
  }
  await rename(partPath, path).catch((cause) => {
    throw unwritable(path, cause)
  })
  return found
}

async function writeBehind(
  path: string,
  fromByte: number,
  data: AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, fromByte > 0 ? 'r+' : 'w').catch((cause) => {
    throw unwritable(path, cause)
  })
  let at = fromByte
  try {
    for await (const piece of data) {
      await file.write(piece, 0, piece.length, at).catch((cause) => {
        throw unwritable(path, cause)
      })
      at += piece.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}

function unwritable(path: string, cause: unknown): HeddleError {
  const text = `cannot write ${path}: ${errorMessage(cause)}`
  return new HeddleError('file-unwritable', 'unavailable', text, { path }, { cause })
}
