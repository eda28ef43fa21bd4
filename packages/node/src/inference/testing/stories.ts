import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * stories260K, a trained model of 260 K parameters (MIT, Andrej Karpathy's tinyllamas). It is not
 * part of the repository; where it lies beside it, tests read it by hash.
 */
const files = {
  checkpoint: {
    path: '../shared/models/stories260K.bin',
    sha256: 'b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696',
  },
  tokenizer: {
    path: '../shared/models/tok512.bin',
    sha256: '037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312',
  },
} as const

const root = new URL('../../../../../', import.meta.url)

export type Stories = { readonly checkpoint: Uint8Array; readonly tokenizer: Uint8Array }

function readFile({ path, sha256 }: { path: string; sha256: string }): Uint8Array | string {
  const full = fileURLToPath(new URL(path, root))
  if (!existsSync(full)) return `${path} is not there`
  const bytes = new Uint8Array(readFileSync(full))
  const actual = createHash('sha256').update(bytes).digest('hex')
  return actual === sha256 ? bytes : `${path} has sha256 ${actual}, not ${sha256}`
}

/** Both files, or why there are none. */
export function readStories(): Stories | string {
  const checkpoint = readFile(files.checkpoint)
  const tokenizer = readFile(files.tokenizer)
  if (typeof checkpoint === 'string') return checkpoint
  if (typeof tokenizer === 'string') return tokenizer
  return { checkpoint, tokenizer }
}
