import { decodeTextStrict } from '@heddle/protocol/base'
import { moduleInvalid } from '../guest/errors.ts'

/** One ES module of the prelude. The last of an archive is the one that is started. */
export type PreludeFile = { readonly name: string; readonly source: string }

const separator = '//// '

/** Readable text of several files, each under a line `//// name`. */
export function writeArchive(files: readonly PreludeFile[]): string {
  return files.map((file) => `${separator}${file.name}\n${file.source}`).join('')
}

/** Throws `module-invalid` where the bytes are no such archive. */
export function readArchive(bytes: Uint8Array): PreludeFile[] {
  const text = decodeTextStrict(bytes)
  if (text === undefined || !text.startsWith(separator)) {
    throw moduleInvalid('its prelude section is no archive')
  }
  const files: { name: string; source: string }[] = []
  for (const line of text.split(/(?<=\n)/)) {
    const last = files.at(-1)
    if (line.startsWith(separator))
      files.push({ name: line.slice(separator.length, -1), source: '' })
    else if (last !== undefined) last.source += line
  }
  return files
}
