import { readActorSource } from '@heddle/sdk'
import { type Command, clientFlags, tagFlag, tagFlags, textFlag, usageError } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { answer, elapsed, withProgress } from '../output.ts'

export const spawnCommand: Command = {
  name: 'spawn',
  usage: '[SOURCE]',
  summary: 'Start a process: a TypeScript or JavaScript actor, or --module ID',
  flags: {
    ...clientFlags,
    module: { type: 'string', help: 'ID of the module (default: the node’s js module)' },
    scheduler: { type: 'string', help: 'ADDRESS of the scheduler (default: the node’s)' },
    name: { type: 'string', help: 'NAME tag of the process' },
    ...tagFlag,
  },
  arguments: [0, 1],
  async run({ values: [file], flags, signal }) {
    const name = textFlag(flags, 'name')
    const module = textFlag(flags, 'module')
    const scheduler = textFlag(flags, 'scheduler')
    if (file === undefined && module === undefined) {
      throw usageError('heddle spawn: give the actor’s SOURCE file, or --module ID')
    }
    const tags = [
      ...(name === undefined ? [] : [{ name: 'Name', value: name }]),
      ...tagFlags(flags),
    ]
    const source = file === undefined ? {} : { source: await readActorSource(file) }
    const client = await connectSigned(flags)
    const took = elapsed()
    const spawning = client.spawn({
      ...source,
      ...(module === undefined ? {} : { module }),
      ...(scheduler === undefined ? {} : { scheduler }),
      tags,
      signal,
    })
    const { id } = await withProgress('spawning', spawning)
    const url = `${client.url}/explorer/process/${id}`
    const text = `process  ${id}  slot 0  ready in ${took()}   ${url}`
    answer(flags.json === true, { id, slot: 0, url }, text)
    return 0
  },
}
