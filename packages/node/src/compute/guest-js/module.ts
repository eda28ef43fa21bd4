import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { createItem, type Item, type Tag } from '@heddle/protocol/item'
import type { Disk } from '../../runtime/index.ts'
import { ed25519Signer } from '../../runtime/index.ts'
import { defaultComputeLimit } from './budget.ts'
import { jsGuestFormat, preludeSection } from './compile.ts'
import { engineMissing } from './errors.ts'
import { appendCustomSection } from './wasm-sections.ts'

/**
 * Id of the module item below. It changes when the engine, the prelude or a tag does; processes
 * spawned before stay on the module they name.
 */
export const jsModuleId = 'aAX3np9CqUCojqm4DJmmX4g-jiaNFF2mhf9l5oPxy0E'

/**
 * The seed of the key that signs the module is sha256 of this text, for everyone to know: the
 * signature proves nothing but gives every node the same item with the same id.
 */
const signingText = 'heddle js module, signed with a published key'

/** Tags of the module item (ao-protocol.md §1.2). */
export const jsModuleTags: readonly Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Type', value: 'Module' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Module-Format', value: jsGuestFormat },
  { name: 'Input-Encoding', value: 'JSON-1' },
  { name: 'Output-Encoding', value: 'JSON-1' },
  { name: 'Memory-Limit', value: '64-mb' },
  { name: 'Compute-Limit', value: String(defaultComputeLimit) },
  { name: 'Content-Type', value: 'application/wasm' },
  { name: 'Name', value: 'js' },
]

/** Builds the module item: the engine of the package quickjs-wasi with the prelude inside it. */
export async function buildJsModule(crypto: CryptoEngine, disk: Disk): Promise<Item> {
  const data = await buildJsModuleData(disk)
  const signer = ed25519Signer(crypto.sha256(encodeText(signingText)))
  return createItem({ data, tags: jsModuleTags }, signer, crypto)
}

/** The WASM of the module. The id binds engine and prelude alike, as both are in these bytes. */
export async function buildJsModuleData(disk: Disk): Promise<Uint8Array> {
  const engine = await readPart(
    disk,
    createRequire(import.meta.url).resolve('quickjs-wasi/quickjs.wasm'),
  )
  const prelude = await readPart(disk, fileURLToPath(new URL('prelude.txt', import.meta.url)))
  return appendCustomSection(engine, preludeSection, prelude)
}

async function readPart(disk: Disk, path: string): Promise<Uint8Array> {
  const bytes = await disk.read(path)
  if (bytes === undefined) throw engineMissing(path)
  return bytes
}
