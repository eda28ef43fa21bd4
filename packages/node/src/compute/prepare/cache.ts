import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { concatBytes, equalBytes, toHex } from '@heddle/protocol/base'
import type { Disk } from '../../runtime/index.ts'
import { type PrepareOptions, preparation, prepareModule } from './prepare.ts'

/** Prepares a module's bytes; `format` names what `options` mean for it. */
export type Prepare = (
  bytes: Uint8Array,
  format: string,
  options: PrepareOptions,
) => Promise<Uint8Array>

const digestBytes = 32

/** Prepares every time it is asked. */
export const prepareAnew: Prepare = async (bytes, _format, options) => prepareModule(bytes, options)

/**
 * Keeps prepared modules in a folder, by what they were made from: the preparation's version, the
 * format and the bytes. A file begins with a digest over that name and its content; one that does
 * not match, or cannot be read, is made anew. What cannot be written is only slower next time.
 */
export function createPreparedCache(disk: Disk, folder: string): Prepare {
  return async (bytes, format, options) => {
    const name = digest([Buffer.from(`${preparation} ${format} `), bytes])
    const path = join(folder, `${toHex(name)}.wasm`)
    const kept = await disk.read(path).catch(() => undefined)
    if (kept !== undefined && kept.length > digestBytes) {
      const content = kept.subarray(digestBytes)
      if (equalBytes(kept.subarray(0, digestBytes), digest([name, content]))) return content
    }
    const prepared = prepareModule(bytes, options)
    await keep(disk, folder, path, concatBytes([digest([name, prepared]), prepared]))
    return prepared
  }
}

async function keep(disk: Disk, folder: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await disk.makeFolder(folder)
    await disk.replace(path, bytes)
  } catch {
    // Another thread may have been first, or the disk is full: nothing depends on this file.
  }
}

function digest(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
