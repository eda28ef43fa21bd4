import { concatBytes, decodeTextStrict, encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { type Item, ownerAddress } from '@heddle/protocol/item'
import type { Client } from '@heddle/sdk'
import { type Command, clientFlags, idArgument, textFlag } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, print, printable, remark, withProgress } from '../output.ts'
import { getFile } from './get-file.ts'

/** Most that is shown, or put into one JSON. */
const shownBytes = 64 * 1024 * 1024

type Whole = { readonly told: unknown; readonly data: Uint8Array }

async function fetchWhole(client: Client, id: string, signal: AbortSignal): Promise<Whole> {
  const found = await client.download(id, { signal })
  if (found.kind === 'item') {
    const item = await client.item(id, signal)
    return { told: describeItem(item), data: item.data }
  }
  const { owner, tags, sizeBytes } = found
  if (sizeBytes > shownBytes) throw tooLargeToShow(id, sizeBytes)
  const pieces: Uint8Array[] = []
  for await (const piece of found.data) pieces.push(piece)
  const data = concatBytes(pieces)
  return { told: { id, owner, tags, size: sizeBytes, data: encodeBase64Url(data) }, data }
}

function tooLargeToShow(id: string, sizeBytes: number): HeddleError {
  const text = `${id} has ${sizeBytes} bytes, too many to show: give --out FILE`
  return new HeddleError('data-too-large', 'invalid', text, { id, sizeBytes })
}

function describeItem({ id, tags, target, data, ...item }: Item) {
  return {
    id,
    owner: ownerAddress(item, portableCrypto),
    ...(target.length === 0 ? {} : { target: encodeBase64Url(target) }),
    tags,
    size: data.length,
    data: encodeBase64Url(data),
  }
}

/** A terminal gets text, and nothing that would drive it. */
function show(data: Uint8Array): void {
  const text = decodeTextStrict(data)
  if (text === undefined) remark(`${data.length} bytes that are not text: give --out FILE`)
  else print(printable(text))
}

/** Bytes as they are into files and pipes; where they turn out wrong, the command fails at the end. */
async function pipe(client: Client, id: string, signal: AbortSignal): Promise<void> {
  const { data } = await client.download(id, { signal })
  for await (const piece of data) {
    if (process.stdout.write(piece)) continue
    await new Promise<void>((resolve) => process.stdout.once('drain', resolve))
  }
}

export const getCommand: Command = {
  name: 'get',
  usage: 'ID',
  summary:
    'Fetch the data of an item or transaction, checked; a large one goes on where it broke off',
  flags: {
    ...clientFlags,
    json: { type: 'boolean', help: 'the item as JSON on stdout, its data as base64url' },
    out: { type: 'string', short: 'o', help: 'FILE to write (default: stdout)' },
  },
  arguments: [1, 1],
  async run({ values: [text], flags, signal }) {
    const id = idArgument('kept item', text)
    const out = textFlag(flags, 'out')
    const client = connect(flags)
    if (out !== undefined) {
      const { owner, tags, sizeBytes } = await getFile(client, id, out, signal)
      const told = { id, owner, tags, size: sizeBytes, out }
      if (flags.json === true) print(JSON.stringify(told))
      else remark(`${sizeBytes} bytes  ${out}`)
      return 0
    }
    if (flags.json !== true && !process.stdout.isTTY) {
      await pipe(client, id, signal)
      return 0
    }
    const { told, data } = await withProgress('fetching', fetchWhole(client, id, signal))
    if (flags.json === true) answer(true, told, '')
    else show(data)
    return 0
  },
}
