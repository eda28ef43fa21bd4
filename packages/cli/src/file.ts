import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { errorMessage, HeddleError } from '@heddle/protocol/base'

/** Bytes of a file the user named. Throws `file-unreadable`. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    const text = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unreadable', 'invalid', text, { path }, { cause })
  }
}

const typeOfExtension: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.mp4': 'video/mp4',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
}

/** The Content-Type a file's name promises. */
export function contentTypeOf(path: string): string {
  return typeOfExtension[extname(path).toLowerCase()] ?? 'application/octet-stream'
}
