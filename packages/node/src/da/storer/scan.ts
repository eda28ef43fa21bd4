import type { File } from '../../runtime/index.ts'
import { crcOf, decodeHead, headBytes, type RecordHead } from './record.ts'

/** A record of a file and where its body begins. */
type Scanned = { readonly head: RecordHead; readonly at: number }

/**
 * Reads the heads of a segment file up to the first that is none. Records of the last write count
 * only where their bodies are whole: earlier writes were durable before the last one began.
 */
export async function scanSegment(
  file: File,
): Promise<{ readonly records: readonly Scanned[]; readonly sizeBytes: number }> {
  const fileBytes = await file.sizeBytes()
  const records: Scanned[] = []
  const bytes = new Uint8Array(headBytes)
  let at = 0
  while (at + headBytes <= fileBytes) {
    await file.read(bytes, at)
    const head = decodeHead(bytes)
    if (head === undefined || at + headBytes + head.bodyBytes > fileBytes) break
    records.push({ head, at: at + headBytes })
    at += headBytes + head.bodyBytes
  }
  const lastWrite = records.at(-1)?.head.batchAt ?? 0
  const whole: Scanned[] = []
  for (const record of records) {
    if (record.at >= lastWrite && !(await isWhole(file, record))) break
    whole.push(record)
  }
  return { records: whole, sizeBytes: fileBytes }
}

async function isWhole(file: File, { head, at }: Scanned): Promise<boolean> {
  const body = new Uint8Array(head.bodyBytes)
  return (await file.read(body, at)) === body.length && crcOf([body]) === head.bodyCrc
}
