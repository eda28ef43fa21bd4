import { type Command, clientFlags, idArgument } from '../command.ts'
import { connectReader } from '../connect.ts'
import { withProgress } from '../output.ts'
import { answerResult, describeSlot } from '../result.ts'

export const resultCommand: Command = {
  name: 'result',
  usage: 'PROCESS MESSAGE',
  summary: 'Show what a message gave',
  flags: clientFlags,
  arguments: [2, 2],
  async run({ values: [process, message], flags, signal }) {
    const processId = idArgument('process', process)
    const messageId = idArgument('message', message)
    const client = await connectReader(flags)
    const reading = client.process(processId).result(messageId, signal)
    const result = await withProgress('waiting for the result', reading)
    return answerResult(result, {
      json: flags.json === true,
      value: result.raw,
      head: describeSlot(result),
      reader: client.address,
    })
  },
}
