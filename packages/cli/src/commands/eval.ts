import { readActorSource } from '@heddle/sdk'
import { type Command, clientFlags, idArgument, textFlag, usageError } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { withProgress } from '../output.ts'
import { answerResult } from '../result.ts'

export const evalCommand: Command = {
  name: 'eval',
  usage: 'PROCESS [CODE]',
  summary: 'Evaluate code in a process you own (Lua in aos, JavaScript in js actors)',
  flags: {
    ...clientFlags,
    file: { type: 'string', short: 'f', help: 'FILE with the code, in place of CODE' },
  },
  arguments: [1, 2],
  async run({ values: [id, text], flags, signal }) {
    const processId = idArgument('process', id)
    const file = textFlag(flags, 'file')
    if ((text === undefined) === (file === undefined)) {
      throw usageError('heddle eval: give CODE or --file FILE')
    }
    const data = file === undefined ? (text ?? '') : await readActorSource(file)
    const client = await connectSigned(flags)
    const sending = client.process(processId).send({ action: 'Eval', data, signal })
    const result = await withProgress('waiting for the result', sending)
    return answerResult(result, {
      json: flags.json === true,
      value: { id: result.id, slot: result.slot, result: result.raw },
      reader: client.address,
    })
  },
}
