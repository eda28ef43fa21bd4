import { createHash } from 'node:crypto'
import type { StreamHash } from '@heddle/protocol/crypto'
import {
  type Client,
  type ClientOptions,
  createClient as createPortableClient,
  type ProcessHandle,
  type SpawnInput,
} from '../index.ts'
import { readActorSource } from './source.ts'

/** What a new process starts with, its source in a file. */
export type FileSpawnInput = Omit<SpawnInput, 'source'> & {
  /** Path of the actor's source, JavaScript or TypeScript. */
  readonly file: string
}

/** A client that reads actors from files. */
export type NodeClient = Omit<Client, 'spawn'> & {
  /** As everywhere, or from a `file`; see `readActorSource` for what is refused. */
  spawn(input: SpawnInput | FileSpawnInput): Promise<ProcessHandle>
}

/** A client of one node, as in browsers, whose `spawn` takes a `file` too. */
export function createClient(options: ClientOptions): NodeClient {
  const client = createPortableClient({ startSha384, ...options })
  return {
    ...client,
    async spawn(input) {
      if (!('file' in input)) return client.spawn(input)
      const { file, ...rest } = input
      return client.spawn({ ...rest, source: await readActorSource(file) })
    },
  }
}

/** OpenSSL's, several times as fast as the portable one. */
function startSha384(): StreamHash {
  const hash = createHash('sha384')
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  }
}
