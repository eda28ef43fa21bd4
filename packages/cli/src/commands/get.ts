import { writeFile } from 'node:fs/promises'
import { decodeTextStrict, encodeBase64Url, errorMessage, HeddleError } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { type Item, ownerAddress } from '@heddle/protocol/item'
import { type Command, clientFlags, idArgument, textFlag } from '../command.ts'
import { connect } from '../connect.ts'
import { print, printable, remark, withProgress } from '../output.ts'

function describeItem(item: Item, out: string | undefined) {
  const { id, tags, target, data } = item
  return {
    id,
    owner: ownerAddress(item, portableCrypto),
    ...(target.length === 0 ? {} : { target: encodeBase64Url(target) }),
    tags,
    size: data.length,
    ...(out === undefined ? { data: encodeBase64Url(data) } : { out }),
  }
}

async function write(path: string, data: Uint8Array): Promise<void> {
  await writeFile(path, data).catch((cause) => {
    const text = `cannot write ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unwritable', 'unavailable', text, { path }, { cause })
  })
}

/** Bytes as they are into files and pipes; a terminal gets text, and nothing that would drive it. */
function show(data: Uint8Array): void {
  if (!process.stdout.isTTY) {
    process.stdout.write(data)
    return
  }
  const text = decodeTextStrict(data)
  if (text === undefined) remark(`${data.length} bytes that are not text: give --out FILE`)
  else print(printable(text))
}

export const getCommand: Command = {
  name: 'get',
  usage: 'ID',
  summary: 'Fetch an item’s data, its signature checked',
  flags: {
    ...clientFlags,
    json: { type: 'boolean', help: 'the item as JSON on stdout, its data as base64url' },
    out: { type: 'string', short: 'o', help: 'FILE to write (default: stdout)' },
  },
  arguments: [1, 1],
  async run({ values: [text], flags, signal }) {
    const id = idArgument('kept item', text)
    const out = textFlag(flags, 'out')
    const item = await withProgress('fetching', connect(flags).item(id, signal))
    if (out !== undefined) await write(out, item.data)
    if (flags.json === true) print(JSON.stringify(describeItem(item, out)))
    else if (out === undefined) show(item.data)
    else remark(`${item.data.length} bytes  ${out}`)
    return 0
  },
}
