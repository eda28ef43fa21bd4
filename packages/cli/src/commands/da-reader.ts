import type { StorerDirectoryJson } from '@heddle/protocol/certificate'
import { type Client, createClient } from '@heddle/sdk'
import { type Flags, textFlag } from '../command.ts'
import { nodeUrl } from '../connect.ts'
import { readInput } from '../file.ts'
import { remark } from '../output.ts'
import { parseJson } from './da-verify.ts'

/**
 * A client that checks rows with native engines, and certificates against `--storers FILE` where that is
 * given. Without it the user is told what is not known then.
 */
export async function connectDaReader(flags: Flags): Promise<Client['da']> {
  const file = textFlag(flags, 'storers')
  if (file === undefined) {
    remark('bytes are checked against the commitment; with --storers FILE the certificate is too')
  }
  // Loaded here, since most commands need no engines.
  const { loadErasureKernel, nativeBls, openEngines } = await import('@heddle/node/da')
  const { createRuntime } = await import('@heddle/node/runtime')
  const engineFor = openEngines(await loadErasureKernel(createRuntime().disk))
  const given = file === undefined ? undefined : parseJson(file, await readInput(file))
  const storers = given === undefined ? {} : { storers: given as StorerDirectoryJson }
  const da = { engineFor, bls: nativeBls, ...storers }
  return createClient({ url: nodeUrl(flags), da }).da
}
