import { readActorSource } from '@heddle/sdk/node'
import { type Command, clientFlags, tagFlags, textFlag } from '../command.ts'
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
    name: { type: 'string', help: 'the process’s Name tag' },
    tag: { type: 'string', multiple: true, help: 'Name=Value, may be repeated' },
  },
  arguments: [0, 1],
  async run({ values: [file], flags }) {
    const client = await connectSigned(flags)
    const name = textFlag(flags, 'name')
    const module = textFlag(flags, 'module')
    const scheduler = textFlag(flags, 'scheduler')
    const took = elapsed()
    const spawning = client.spawn({
      ...(file === undefined ? {} : { source: await readActorSource(file) }),
      ...(module === undefined ? {} : { module }),
      ...(scheduler === undefined ? {} : { scheduler }),
      tags: { ...(name === undefined ? {} : { Name: name }), ...tagFlags(flags) },
    })
    const { id } = await withProgress('spawning', spawning)
    const url = `${client.url}/cu/results/${id}`
    const text = `process  ${id}  slot 0  ready in ${took()}  ${url}`
    answer(flags.json === true, { id, slot: 0 }, text)
    return 0
  },
}
