import { createRuntime } from '@heddle/node/runtime'
import { decodeBase64Url, decodeText, errorMessage, HeddleError } from '@heddle/protocol/base'
import type { CertificateJson, StorerDirectoryJson } from '@heddle/protocol/certificate'
import { type AnyCertificate, verifyBlob } from '@heddle/sdk'
import { type Given, textFlag, usageError } from '../command.ts'
import { readInput } from '../file.ts'
import { answer } from '../output.ts'
import { readWholeManifest } from './da-manifest.ts'

/** `heddle da verify CERTIFICATE --storers FILE`: asks nobody; exit code 1 where one has expired. */
export async function verifyCommandOfDa({ values: [file], flags }: Given): Promise<number> {
  const storersFile = textFlag(flags, 'storers')
  if (file === undefined || storersFile === undefined) {
    throw usageError('heddle da verify: name a certificate’s file and --storers FILE')
  }
  const storers = parseJson(storersFile, await readInput(storersFile)) as StorerDirectoryJson
  const nowSeconds = createRuntime().clock.nowMs() / 1000
  const verified = (await certificatesIn(file)).map((certificate) => {
    const blob = verifyBlob(certificate, storers)
    const until = blob.expiresAtSeconds
    return { ...blob, isExpired: until !== null && until <= nowSeconds }
  })
  const lines = verified.map((blob) => {
    const { commitment, lengthBytes, rowsSigned, rowsNeeded, expiresAtSeconds, isExpired } = blob
    const kept = expiresAtSeconds === null ? 'for ever' : `until ${isoTime(expiresAtSeconds)}`
    const state = isExpired ? 'EXPIRED' : 'holds'
    const rows = `${rowsSigned} rows signed, ${rowsNeeded} needed`
    return `${state}  ${commitment}  ${lengthBytes} bytes  ${rows}  kept ${kept}`
  })
  answer(flags.json === true, verified, lines.join('\n'))
  return verified.some(({ isExpired }) => isExpired) ? 1 : 0
}

/** Certificates of a manifest, or the one that a file holds as JSON or as compact bytes. */
async function certificatesIn(file: string): Promise<AnyCertificate[]> {
  const manifest = await readWholeManifest(file)
  if (manifest !== undefined) {
    return manifest.parts.map((part) => decodeBase64Url(part.certificate) ?? new Uint8Array(0))
  }
  const bytes = await readInput(file)
  if (bytes[0] !== '{'.charCodeAt(0)) return [bytes]
  const json = parseJson(file, bytes)
  // What `put --json` printed has the certificate in it.
  const inner = 'certificate' in json ? json.certificate : json
  return [inner as CertificateJson]
}

export function parseJson(file: string, bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(decodeText(bytes))
    if (typeof value === 'object' && value !== null) return value
    throw new Error('no object')
  } catch (cause) {
    const text = `${file} is not JSON: ${errorMessage(cause)}`
    throw new HeddleError('file-invalid', 'invalid', text, { file }, { cause })
  }
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
