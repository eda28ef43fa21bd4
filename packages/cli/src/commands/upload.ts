import { type Command, clientFlags, tagFlag, tagFlags, textFlag } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { contentTypeOf, readInput } from '../file.ts'
import { answer, withProgress } from '../output.ts'

export const uploadCommand: Command = {
  name: 'upload',
  usage: 'FILE',
  summary: 'Keep a file as a signed item',
  flags: {
    ...clientFlags,
    type: { type: 'string', help: 'TYPE, its Content-Type (default: by the name’s ending)' },
    ...tagFlag,
  },
  arguments: [1, 1],
  async run({ values: [file = ''], flags, signal }) {
    const type = textFlag(flags, 'type') ?? contentTypeOf(file)
    const tags = [{ name: 'Content-Type', value: type }, ...tagFlags(flags)]
    const data = await readInput(file)
    const client = await connectSigned(flags)
    const id = await withProgress('uploading', client.upload({ data, tags, signal }))
    const url = `${client.url}/${id}`
    answer(flags.json === true, { id, size: data.length, url }, `item  ${id}  ${url}`)
    return 0
  },
}
