import { type Command, clientFlags, tagFlag, tagFlags, textFlag } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { contentTypeOf, readInput } from '../file.ts'
import { answer, withProgress } from '../output.ts'
import { statFile, uploadFile } from './upload-file.ts'
import { copiesReceipt, retentionFlags, retentionOf } from './upload-retention.ts'

/** Larger files go in parts. */
const oneRequestBytes = 8 * 1024 * 1024

const none = { copies: undefined, lines: [] }

export const uploadCommand: Command = {
  name: 'upload',
  usage: 'FILE',
  summary: 'Keep a file as a signed item; a large one goes on where it broke off',
  flags: {
    ...clientFlags,
    type: { type: 'string', help: 'TYPE, its Content-Type (default: by the name’s ending)' },
    ...tagFlag,
    ...retentionFlags,
  },
  arguments: [1, 1],
  async run({ values: [path = ''], flags, signal }) {
    const type = textFlag(flags, 'type') ?? contentTypeOf(path)
    const tags = [{ name: 'Content-Type', value: type }, ...tagFlags(flags)]
    const retention = retentionOf(flags)
    const file = await statFile(path)
    const isLarge = file.sizeBytes > oneRequestBytes
    const data = isLarge ? new Uint8Array(0) : await readInput(path)
    const client = await connectSigned(flags)
    const id = isLarge
      ? await uploadFile(client, file, { tags, retention }, signal)
      : await withProgress(
          'uploading',
          client.upload({ data, tags, ...(retention && { retention }), signal }),
        )
    const url = `${client.url}/${id}`
    const { copies, lines } =
      retention === undefined ? none : await copiesReceipt(client, id, signal)
    const text = [`item  ${id}  ${url}`, ...lines].join('\n')
    answer(flags.json === true, { id, size: file.sizeBytes, url, copies }, text)
    return 0
  },
}
