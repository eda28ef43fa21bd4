import { readFile } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { type Command, clientFlags, tagFlags, textFlag } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { answer, withProgress } from '../output.ts'

export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    const text = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unreadable', 'invalid', text, { path }, { cause })
  }
}

export const uploadCommand: Command = {
  name: 'upload',
  usage: 'FILE',
  summary: 'Keep a file as a signed item',
  flags: {
    ...clientFlags,
    type: { type: 'string', help: 'its Content-Type (default application/octet-stream)' },
    tag: { type: 'string', multiple: true, help: 'Name=Value, may be repeated' },
  },
  arguments: [1, 1],
  async run({ values: [file = ''], flags }) {
    const data = await readInput(file)
    const client = await connectSigned(flags)
    const type = textFlag(flags, 'type') ?? 'application/octet-stream'
    const tags = { 'Content-Type': type, ...tagFlags(flags) }
    const id = await withProgress('uploading', client.upload({ data, tags }))
    answer(flags.json === true, { id, size: data.length }, `item  ${id}  ${client.url}/${id}`)
    return 0
  },
}
